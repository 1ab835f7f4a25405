package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// Case is one workflow to run, with all that it needs. Each runs in a namespace of its own.
type Case struct {
	ID        string                      `json:"id"`
	Manifests []unstructured.Unstructured `json:"manifests"` // created in this order before the workflow
	Workflow  *unstructured.Unstructured  `json:"workflow"`  // a Workflow, or else:
	Submit    *Submit                     `json:"submit"`
	Script    json.RawMessage             `json:"script"`  // outcomes by key, see fake-kubelet
	Observe   []string                    `json:"observe"` // resources to list in the end, as in "sparkapplications.sparkoperator.k8s.io"
	Timeout   string                      `json:"timeout"` // a Go duration; the runner's if empty
	Expect    json.RawMessage             `json:"expect"`  // a part of the result, see differences

	timeout time.Duration
}

// Submit makes a Workflow from a WorkflowTemplate of the case.
type Submit struct {
	Template   string            `json:"template"`
	Entrypoint string            `json:"entrypoint"`
	Parameters map[string]string `json:"parameters"`
}

// load reads all cases of a folder, or the one of a file.
func load(path string, timeout time.Duration) ([]*Case, error) {
	files := []string{path}
	if info, err := os.Stat(path); err != nil {
		return nil, err
	} else if info.IsDir() {
		files = nil
		for _, pattern := range []string{"*.yaml", "*.json"} {
			found, _ := filepath.Glob(filepath.Join(path, pattern))
			files = append(files, found...)
		}
	}
	var cases []*Case
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		c := &Case{timeout: timeout}
		if err := read(file, text, c); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if c.ID == "" {
			c.ID = strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		}
		if c.Timeout != "" {
			if c.timeout, err = time.ParseDuration(c.Timeout); err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
		}
		if (c.Workflow == nil) == (c.Submit == nil) {
			return nil, fmt.Errorf("%s: needs either workflow or submit", file)
		}
		cases = append(cases, c)
	}
	return cases, nil
}

// read takes JSON as JSON: YAML knows no surrogates in escapes, and numbers of a script would lose digits.
func read(file string, text []byte, c *Case) error {
	if filepath.Ext(file) != ".json" {
		return yaml.UnmarshalStrict(text, c)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	return decoder.Decode(c)
}

// workflow is the Workflow to create.
func (c *Case) workflow() *unstructured.Unstructured {
	if c.Workflow != nil {
		return c.Workflow.DeepCopy()
	}
	spec := map[string]any{"workflowTemplateRef": map[string]any{"name": c.Submit.Template}}
	if c.Submit.Entrypoint != "" {
		spec["entrypoint"] = c.Submit.Entrypoint
	}
	var parameters []any
	for name, value := range c.Submit.Parameters {
		parameters = append(parameters, map[string]any{"name": name, "value": value})
	}
	if parameters != nil {
		spec["arguments"] = map[string]any{"parameters": parameters}
	}
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "argoproj.io/v1alpha1",
		"kind":       "Workflow",
		"metadata":   map[string]any{"name": c.Submit.Template},
		"spec":       spec,
	}}
}

var notInNames = regexp.MustCompile(`[^a-z0-9]+`)

// namespace is a valid name that no other case of this run has.
func (c *Case) namespace(run string, n int) string {
	id := strings.Trim(notInNames.ReplaceAllString(strings.ToLower(c.ID), "-"), "-")
	sum := sha256.Sum256([]byte(fmt.Sprintf("%s/%s/%d", run, c.ID, n)))
	return fmt.Sprintf("%.40s-%x", id, sum[:5])
}
