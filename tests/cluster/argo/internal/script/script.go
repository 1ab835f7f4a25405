// Package script is what a case says about how its pods end, and by which names it speaks of them.
package script

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Outcome says how one run of a pod ends. The zero value is a success without outputs.
type Outcome struct {
	// Input, if given, is what the pod's input parameter of that name should be, as JSON: see Choose.
	Input    json.RawMessage `json:"input"`
	ExitCode int32           `json:"exitCode"`
	Reason   string          `json:"reason"`  // of the container's end; "Completed" or "Error" if empty
	Message  string          `json:"message"` // the container's termination message
	Delay    string          `json:"delay"`   // a Go duration, as in "200ms"
	Outputs  struct {
		Parameters map[string]string `json:"parameters"`
		Result     *string           `json:"result"`
	} `json:"outputs"`
}

// Wait is the delay.
func (o Outcome) Wait() (time.Duration, error) {
	if o.Delay == "" {
		return 0, nil
	}
	return time.ParseDuration(o.Delay)
}

// Choose says which outcome a pod takes: the first that no other has taken and whose Input is the pod's, else the first
// that no other has taken, else the last. So attempts whose order is open, as those of items that run side by side,
// can be told apart by what they are given.
func Choose(outcomes []Outcome, taken map[int]bool, input string) int {
	first := len(outcomes) - 1
	for i := len(outcomes) - 1; i >= 0; i-- {
		if !taken[i] {
			first = i
		}
	}
	for i, outcome := range outcomes {
		if !taken[i] && outcome.Input != nil && Same(outcome.Input, []byte(input)) {
			return i
		}
	}
	return first
}

// Same tells whether two texts are JSON and mean the same.
func Same(a, b []byte) bool {
	left, errLeft := decode(a)
	right, errRight := decode(b)
	return errLeft == nil && errRight == nil && reflect.DeepEqual(left, right)
}

// decode reads JSON whose numbers keep their digits.
func decode(text []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}

// Match finds the first name that is a key, or else the longest key that matches a name as a glob pattern.
func Match(outcomes map[string][]Outcome, names []string) (string, bool) {
	for _, name := range names {
		if _, ok := outcomes[name]; ok {
			return name, true
		}
	}
	patterns := slices.SortedFunc(maps.Keys(outcomes), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
	for _, pattern := range patterns {
		for _, name := range names {
			if ok, _ := path.Match(pattern, name); ok {
				return pattern, true
			}
		}
	}
	return "", false
}

var (
	retryNumber = regexp.MustCompile(`\(\d+\)$`)
	groupNumber = regexp.MustCompile(`\[\d+\]$`)
	item        = regexp.MustCompile(`(?s)\((\d+):.*\)$`)
)

// Names lists what a pod of a workflow is called by, from its node's name: the steps that lead to it, the longest
// way first and its own step alone at the end. Numbers of step groups and of retries are left out; of an item there is
// the full text and the number alone: "wf[0].map(1:b)(0)[1].call(2)" gives "map(1:b).call", "map(1).call" and "call".
func Names(nodeName string) []string {
	full := split(nodeName)
	short := make([]string, len(full))
	for i, part := range full {
		part = groupNumber.ReplaceAllString(part, "")
		full[i] = retryNumber.ReplaceAllString(part, "")
		short[i] = item.ReplaceAllString(full[i], "($1)")
	}
	var names []string
	for i := min(1, len(full)-1); i < len(full); i++ { // the first part is the workflow's name
		long, brief := strings.Join(full[i:], "."), strings.Join(short[i:], ".")
		names = append(names, long)
		if brief != long {
			names = append(names, brief)
		}
	}
	return names
}

// split cuts a node's name at its dots, except for those within an item's text.
func split(nodeName string) []string {
	var parts []string
	depth, end := 0, len(nodeName)
	for i := len(nodeName) - 1; i >= 0; i-- {
		switch nodeName[i] {
		case ')':
			depth++
		case '(':
			depth--
		case '.':
			if depth == 0 {
				parts = append([]string{nodeName[i+1 : end]}, parts...)
				end = i
			}
		}
	}
	return append([]string{nodeName[:end]}, parts...)
}
