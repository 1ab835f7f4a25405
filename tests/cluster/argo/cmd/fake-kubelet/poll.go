package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/itchyny/gojq"
	corev1 "k8s.io/api/core/v1"

	wfv1 "github.com/argoproj/argo-workflows/v4/pkg/apis/workflow/v1alpha1"

	"cluster/argo/internal/script"
)

// mostTurns is how often a container may call before it is taken for one that never ends.
const mostTurns = 500

// poller is a container that makes its call again and again (src/emit/calls/poll.rs): what its variables say.
type poller struct {
	again, next *gojq.Code
	retry       []retrier
}

type retrier struct {
	ErrorEquals []string
	MaxAttempts float64
}

// pollerOf is nil for a container that calls once.
func pollerOf(tmpl *wfv1.Template) (*poller, error) {
	if tmpl == nil || tmpl.Script == nil {
		return nil, nil
	}
	variables := map[string]string{}
	for _, variable := range tmpl.Script.Env {
		variables[variable.Name] = variable.Value
	}
	if variables["AGAIN"] == "" {
		return nil, nil
	}
	p := &poller{}
	var err error
	if p.again, err = program(variables["AGAIN"]); err != nil {
		return nil, err
	}
	if variables["NEXT"] != "" {
		if p.next, err = program(variables["NEXT"], "$result"); err != nil {
			return nil, err
		}
	}
	if variables["RETRY"] != "" {
		err = json.Unmarshal([]byte(variables["RETRY"]), &p.retry)
	}
	return p, err
}

func program(text string, variables ...string) (*gojq.Code, error) {
	query, err := gojq.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("fake-kubelet: %q: %w", text, err)
	}
	return gojq.Compile(query, gojq.WithVariables(variables))
}

// play takes outcomes until one ends the polling. Each request must be the one that the script has, if it has one.
func (p *poller) play(ctx context.Context, k *kubelet, pod *corev1.Pod, names []string, request string, outcome *script.Outcome) (*script.Outcome, error) {
	taken := map[int]float64{}
	for range mostTurns {
		if outcome.Input != nil && !script.Same(outcome.Input, []byte(request)) {
			return nil, fmt.Errorf("fake-kubelet: a poll sends %s, not %s", request, outcome.Input)
		}
		if outcome.ExitCode != 0 {
			if !p.retries(outcome, taken) {
				return outcome, nil
			}
		} else {
			taken = map[int]float64{}
			again, err := p.turn(outcome.Outputs.Parameters["result"], &request)
			if err != nil || !again {
				return outcome, err
			}
		}
		var err error
		if outcome, err = k.outcomes.next(ctx, pod.Namespace, names, request); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("fake-kubelet: a poll that does not end after %d calls", mostTurns)
}

// turn tells whether a result asks for another call, and makes its request.
func (p *poller) turn(result string, request *string) (bool, error) {
	var value any
	if err := json.Unmarshal([]byte(result), &value); err != nil {
		return false, err
	}
	again, err := first(p.again.Run(value))
	if err != nil || again != true || p.next == nil {
		return again == true, err
	}
	var last any
	if err := json.Unmarshal([]byte(*request), &last); err != nil {
		return false, err
	}
	next, err := first(p.next.Run(last, []any{value}))
	if err != nil {
		return false, err
	}
	text, err := gojq.Marshal(next)
	*request = string(text)
	return true, err
}

func first(values gojq.Iter) (any, error) {
	value, ok := values.Next()
	if !ok {
		return nil, fmt.Errorf("fake-kubelet: jq gives nothing")
	}
	if err, failed := value.(error); failed {
		return nil, err
	}
	return value, nil
}

// retries tells whether a failure is retried, by the rules of the Amazon States Language ("Retrying after error").
func (p *poller) retries(outcome *script.Outcome, taken map[int]float64) bool {
	var failure struct{ Error string }
	if json.Unmarshal([]byte(outcome.Outputs.Parameters["error"]), &failure) != nil || failure.Error == "States.Runtime" {
		return false
	}
	matches := func(name string) bool {
		return name == failure.Error || name == "States.ALL" || name == "States.TaskFailed" && failure.Error != "States.Timeout"
	}
	for at, one := range p.retry {
		if slices.ContainsFunc(one.ErrorEquals, matches) {
			taken[at]++
			return taken[at] <= one.MaxAttempts
		}
	}
	return false
}
