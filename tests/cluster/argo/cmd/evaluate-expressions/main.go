// evaluate-expressions says what Argo makes of expressions: of a step's `when`, and of an output's `expression`.
//
// It reads JSON lines {"scope": {NAME: TEXT}, "guard": EXPRESSION, "outputs": {NAME: EXPRESSION}} and writes for each one
// {"guard": BOOL, "outputs": {NAME: TEXT}, "error": TEXT}. The guard is asked as the controller asks a step's `when`
// (workflow/controller/steps.go, resolveReferences); where it is true, each output is evaluated as that of a template whose step
// `eval` was skipped (workflow/controller/scope.go, resolveParameter), and read once more through a tag, as the next step reads it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"os"
	"runtime"
	"sync"

	"github.com/expr-lang/expr"

	"github.com/argoproj/argo-workflows/v4/util/expr/env"
	"github.com/argoproj/argo-workflows/v4/util/logging"
	"github.com/argoproj/argo-workflows/v4/util/template"
)

type question struct {
	Scope   map[string]string `json:"scope"`
	Guard   string            `json:"guard"`
	Outputs map[string]string `json:"outputs"`
}

type answer struct {
	Guard   bool              `json:"guard"`
	Outputs map[string]string `json:"outputs,omitempty"`
	Error   string            `json:"error,omitempty"`
}

// tag is what a text with tags becomes.
func tag(ctx context.Context, text string, scope map[string]any) (string, error) {
	bytes, err := json.Marshal(text)
	if err != nil {
		return "", err
	}
	replaced, err := template.ReplaceStrictAny(ctx, string(bytes), scope, []string{"steps", "tasks"})
	if err != nil {
		return "", err
	}
	var resolved string
	err = json.Unmarshal([]byte(replaced), &resolved)
	return resolved, err
}

func output(expression string, scope map[string]any) (string, error) {
	functions := env.GetFuncMap(scope)
	program, err := expr.Compile(expression, expr.Env(functions))
	if err != nil {
		return "", err
	}
	value, err := expr.Run(program, functions)
	if err != nil {
		return "", err
	}
	if value == nil {
		return "", fmt.Errorf("%s gives nil", expression)
	}
	return fmt.Sprintf("%v", value), nil
}

func evaluate(ctx context.Context, asked question) (given answer) {
	scope := make(map[string]any, len(asked.Scope)+1)
	for name, text := range asked.Scope {
		scope[name] = text
	}
	skip, err := tag(ctx, "{{=not ("+asked.Guard+")}}", scope)
	if err != nil {
		return answer{Error: "guard: " + err.Error()}
	}
	switch skip {
	case "true":
		return answer{}
	case "false":
	default:
		return answer{Error: "guard: neither true nor false: " + skip}
	}
	given = answer{Guard: true, Outputs: map[string]string{}}
	for name, expression := range asked.Outputs {
		complete := maps.Clone(scope)
		complete["steps.eval.status"] = "Skipped"
		complete["steps.eval.outputs.parameters.x"] = nil
		text, err := output(`steps.eval.status == "Skipped" ? `+expression+` : steps.eval.outputs.parameters.x`, complete)
		if err != nil {
			return answer{Guard: true, Error: name + ": " + err.Error()}
		}
		given.Outputs[name] = text
		if name == "error" || name == "cause" {
			// No JSON: what would hold two braces cannot be escaped.
			continue
		}
		again, err := tag(ctx, "{{=x}}", map[string]any{"x": text})
		if err != nil {
			return answer{Guard: true, Error: name + " read again: " + err.Error()}
		}
		// A text that is evaluated again would not come through as it is.
		twice, err := tag(ctx, again, map[string]any{"workflow.name": "injected"})
		if err != nil || twice != text {
			return answer{Guard: true, Error: fmt.Sprintf("%s read again: %q becomes %q, %v", name, text, twice, err)}
		}
	}
	return given
}

func main() {
	ctx := logging.WithLogger(context.Background(), logging.NewSlogLogger(logging.Error, logging.Text))
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	var asked []question
	for lines.Scan() {
		var one question
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			log.Fatal(err)
		}
		asked = append(asked, one)
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
	given := make([]answer, len(asked))
	var workers sync.WaitGroup
	count := runtime.NumCPU()
	for worker := range count {
		workers.Go(func() {
			for at := worker; at < len(asked); at += count {
				given[at] = evaluate(ctx, asked[at])
			}
		})
	}
	workers.Wait()
	out := bufio.NewWriter(os.Stdout)
	encoder := json.NewEncoder(out)
	for _, one := range given {
		if err := encoder.Encode(one); err != nil {
			log.Fatal(err)
		}
	}
	if err := out.Flush(); err != nil {
		log.Fatal(err)
	}
}
