package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// differences compares a result with a part of one: what the part has must be there. Nodes are given by display name.
func differences(expect json.RawMessage, result Result) ([]string, error) {
	if expect == nil {
		return nil, nil
	}
	var want map[string]any
	if err := json.Unmarshal(expect, &want); err != nil {
		return nil, fmt.Errorf("expect: %w", err)
	}
	text, err := json.Marshal(result)
	if err != nil {
		return nil, err
	}
	var got map[string]any
	if err := json.Unmarshal(text, &got); err != nil {
		return nil, err
	}
	nodes := map[string]any{}
	all, _ := got["nodes"].([]any)
	for _, node := range all {
		if node, ok := node.(map[string]any); ok {
			nodes[fmt.Sprint(node["displayName"])] = short(node)
		}
	}
	got["nodes"] = nodes
	return compare("", want, short(got)), nil
}

// short puts values in the place of an object's list of output parameters, by name.
func short(object map[string]any) map[string]any {
	outputs, _ := object["outputs"].(map[string]any)
	list, _ := outputs["parameters"].([]any)
	if list == nil {
		return object
	}
	values := map[string]any{}
	for _, parameter := range list {
		if parameter, ok := parameter.(map[string]any); ok {
			values[fmt.Sprint(parameter["name"])] = parameter["value"]
		}
	}
	outputs["parameters"] = values
	return object
}

func compare(place string, want, got any) []string {
	parts, isObject := want.(map[string]any)
	if !isObject {
		w, _ := json.Marshal(want)
		if g, _ := json.Marshal(got); string(w) != string(g) {
			return []string{fmt.Sprintf("%s is %s, not %s", place, g, w)}
		}
		return nil
	}
	object, _ := got.(map[string]any)
	var all []string
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		all = append(all, compare(place+"/"+name, parts[name], object[name])...)
	}
	return all
}
