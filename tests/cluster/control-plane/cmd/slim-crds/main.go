// slim-crds FILE... prints the CRDs of YAML files as one JSON list. It drops all descriptions, which make up most of
// their bytes and of the API server's work at start-up. Of two CRDs of one name the first wins. A file of schemas, as
// tests/data/crds/slim.py writes it, gives a definition of each kind in it.
package main

import (
	"encoding/json"
	"log"
	"maps"
	"os"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

func main() {
	var items []any
	seen := map[any]bool{}
	add := func(crd map[string]any) {
		if name := object(crd["metadata"])["name"]; crd["kind"] == "CustomResourceDefinition" && !seen[name] {
			seen[name] = true
			items = append(items, crd)
		}
	}
	for _, file := range os.Args[1:] {
		text, err := os.ReadFile(file)
		if err != nil {
			log.Fatal(err)
		}
		var crd map[string]any
		if err := yaml.Unmarshal(text, &crd); err != nil {
			log.Fatalf("%s: %v", file, err)
		}
		for _, made := range definitions(crd) {
			add(made)
		}
		versions, _ := object(crd["spec"])["versions"].([]any)
		for _, version := range versions {
			slim(object(object(version)["schema"])["openAPIV3Schema"])
		}
		add(crd)
	}
	list := map[string]any{"apiVersion": "v1", "kind": "List", "items": items}
	if err := json.NewEncoder(os.Stdout).Encode(list); err != nil {
		log.Fatal(err)
	}
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// slim drops the descriptions of a schema and of all schemas in it, but no property that is named so.
func slim(v any) {
	schema := object(v)
	delete(schema, "description")
	for key, value := range schema {
		switch key {
		case "properties", "patternProperties", "definitions":
			for _, property := range object(value) {
				slim(property)
			}
		case "items", "additionalProperties", "additionalItems", "not":
			slim(value)
		case "allOf", "anyOf", "oneOf":
			all, _ := value.([]any)
			for _, one := range all {
				slim(one)
			}
		}
	}
}

// definitions makes CRDs of a file {shared: [schema, ...], kinds: {"group/version/Kind": schema}}.
func definitions(file map[string]any) []map[string]any {
	shared, _ := file["shared"].([]any)
	kinds := object(file["kinds"])
	names := slices.Sorted(maps.Keys(kinds))
	var crds []map[string]any
	for _, name := range names {
		parts := strings.Split(name, "/")
		if len(parts) != 3 {
			log.Fatalf("kind %q is not group/version/Kind", name)
		}
		group, version, kind := parts[0], parts[1], parts[2]
		singular := strings.ToLower(kind)
		crds = append(crds, map[string]any{
			"apiVersion": "apiextensions.k8s.io/v1",
			"kind":       "CustomResourceDefinition",
			"metadata":   map[string]any{"name": singular + "s." + group},
			"spec": map[string]any{
				"group": group,
				"scope": "Namespaced",
				"names": map[string]any{"kind": kind, "listKind": kind + "List", "plural": singular + "s", "singular": singular},
				"versions": []any{map[string]any{
					"name": version, "served": true, "storage": true,
					"schema": map[string]any{"openAPIV3Schema": open(kinds[name], shared)},
				}},
			},
		})
	}
	return crds
}

// open puts shared schemas in the place of references to them: {"$ref": number}.
func open(v any, shared []any) any {
	switch v := v.(type) {
	case map[string]any:
		if number, ok := v["$ref"].(float64); ok {
			return open(shared[int(number)], shared)
		}
		out := map[string]any{}
		for key, value := range v {
			out[key] = open(value, shared)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, value := range v {
			out[i] = open(value, shared)
		}
		return out
	}
	return v
}
