package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierr "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/argoproj/argo-workflows/v4/pkg/apis/workflow"
	wfv1 "github.com/argoproj/argo-workflows/v4/pkg/apis/workflow/v1alpha1"
	"github.com/argoproj/argo-workflows/v4/workflow/common"

	"cluster/argo/internal/expand"
	"cluster/argo/internal/script"
)

const (
	sparkRole    = "spark-role"
	sparkAppName = "sparkoperator.k8s.io/app-name"
	// errorExitCode is what argoexec exits with after an error of its own.
	errorExitCode = 64
	// runningAfter is how long a process may take before its pod is said to run: most end sooner.
	runningAfter = 500 * time.Millisecond
)

// ending is how a pod ends: its main containers as in an outcome, and what Argo's wait container makes of their files.
type ending struct {
	script.Outcome
	outputs     wfv1.Outputs
	waitMessage string // of the wait container's failure; empty if it succeeds
}

// run plays one pod to its end.
func (k *kubelet) run(ctx context.Context, pod *corev1.Pod) error {
	tmpl, err := k.template(ctx, pod)
	if err != nil {
		return k.end(ctx, pod, metav1.Now(), &ending{Outcome: failure(err)})
	}
	if tmpl == nil && pod.Labels[sparkRole] == "" {
		return nil // neither a step of a workflow nor a part of a Spark application
	}
	play, done, err := k.player(ctx, pod, tmpl)
	if err != nil {
		return k.end(ctx, pod, metav1.Now(), &ending{Outcome: failure(err)})
	}
	defer done()
	started := metav1.Now()
	if deadline := pod.Spec.ActiveDeadlineSeconds; deadline != nil {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Duration(*deadline)*time.Second)
		defer cancel()
	}
	end, err := play(ctx, started)
	switch {
	case err == nil && end == nil:
		return nil // a daemon runs until it is deleted
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return k.expire(context.WithoutCancel(ctx), pod, started)
	case err != nil:
		end = &ending{Outcome: failure(err)}
	}
	return k.end(ctx, pod, started, end)
}

func failure(err error) script.Outcome {
	return script.Outcome{ExitCode: errorExitCode, Message: err.Error()}
}

// player decides who plays a pod. What it returns does what the containers would do and tells how they end; nil is a
// daemon. The other function is to be called in the end.
func (k *kubelet) player(ctx context.Context, pod *corev1.Pod, tmpl *wfv1.Template) (
	func(context.Context, metav1.Time) (*ending, error), func(), error,
) {
	if tmpl != nil && tmpl.Resource != nil {
		return func(ctx context.Context, started metav1.Time) (*ending, error) {
			if err := k.setRunning(ctx, pod, started); err != nil {
				return nil, err
			}
			return &ending{}, k.runResource(ctx, pod, tmpl)
		}, func() {}, nil
	}
	outcome, err := k.outcomes.next(ctx, pod.Namespace, names(pod, tmpl), input(tmpl))
	if err != nil {
		return nil, nil, err
	}
	if container := mainContainer(pod); outcome == nil && tmpl != nil && container != nil && k.runtime.runs(container) {
		// A pod that waits for a place has not started, and its deadline is not nearer for it.
		select {
		case k.runtime.places <- struct{}{}:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
		return func(ctx context.Context, started metav1.Time) (*ending, error) {
			ended, told := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(told)
				select {
				case <-ended:
				case <-time.After(runningAfter):
					if err := k.setRunning(ctx, pod, started); err != nil && ctx.Err() == nil {
						log.Printf("pod %s/%s: %v", pod.Namespace, pod.Name, err)
					}
				}
			}()
			end, err := k.process(ctx, pod, tmpl)
			close(ended)
			<-told
			if err != nil {
				return nil, err
			}
			return end, k.report(ctx, pod, tmpl, end)
		}, func() { <-k.runtime.places }, nil
	}
	if outcome == nil {
		outcome = &script.Outcome{}
	} else if polls, err := pollerOf(tmpl); err != nil {
		return nil, nil, err
	} else if polls != nil {
		if outcome, err = polls.play(ctx, k, pod, names(pod, tmpl), input(tmpl), outcome); err != nil {
			return nil, nil, err
		}
	}
	return func(ctx context.Context, started metav1.Time) (*ending, error) {
		return k.scripted(ctx, pod, tmpl, *outcome, started)
	}, func() {}, nil
}

// scripted ends a pod as the script says.
func (k *kubelet) scripted(
	ctx context.Context, pod *corev1.Pod, tmpl *wfv1.Template, outcome script.Outcome, started metav1.Time,
) (*ending, error) {
	delay, err := outcome.Wait()
	if err != nil {
		return nil, err
	}
	daemon := tmpl != nil && tmpl.IsDaemon()
	if daemon || delay > 0 {
		if err := k.setRunning(ctx, pod, started); err != nil || daemon {
			return nil, err
		}
	}
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(delay):
	}
	outcome.Message = outcome.Message[max(0, len(outcome.Message)-messageLimit):]
	end := &ending{Outcome: outcome}
	if tmpl == nil {
		return end, nil
	}
	if end.outputs, err = scriptedOutputs(tmpl, outcome); err != nil {
		return nil, err
	}
	return end, k.report(ctx, pod, tmpl, end)
}

// names lists the keys under which a pod's outcome is looked up, the most specific first.
func names(pod *corev1.Pod, tmpl *wfv1.Template) []string {
	var names []string
	if name, ok := pod.Annotations[outcomeAnnotation]; ok {
		names = append(names, name)
	}
	if tmpl != nil {
		names = append(names, "@"+tmpl.Name)
		return append(append(names, script.Names(pod.Annotations[common.AnnotationKeyNodeName])...), tmpl.Name)
	}
	return append(names, pod.Labels[sparkAppName], pod.Name)
}

// input is the request that a call's container is given, nothing if it is no call. The controller leaves a template's parameters out of a pod (workflowpod.go,
// simplifiedTmpl), so it is what they have been put into.
func input(tmpl *wfv1.Template) string {
	if tmpl == nil || tmpl.Script == nil {
		return ""
	}
	for _, variable := range tmpl.Script.Env {
		if variable.Name == "REQUEST" {
			return variable.Value
		}
	}
	return ""
}

// template returns the Argo template that a pod runs, nil if it runs none.
func (k *kubelet) template(ctx context.Context, pod *corev1.Pod) (*wfv1.Template, error) {
	for _, c := range pod.Spec.InitContainers {
		values := map[string]string{}
		for _, e := range c.Env {
			value := expand.Text(e.Value, values)
			values[e.Name] = value
			if e.Name != common.EnvVarTemplate {
				continue
			}
			if value == common.EnvVarTemplateOffloaded {
				var err error
				if value, err = k.offloaded(ctx, pod, common.EnvVarTemplate); err != nil {
					return nil, err
				}
			}
			tmpl := &wfv1.Template{}
			return tmpl, json.Unmarshal([]byte(value), tmpl)
		}
	}
	return nil, nil
}

// scriptedOutputs are the template's outputs with the values of the script.
func scriptedOutputs(tmpl *wfv1.Template, outcome script.Outcome) (wfv1.Outputs, error) {
	outputs := wfv1.Outputs{Result: outcome.Outputs.Result}
	for _, p := range tmpl.Outputs.Parameters {
		value, scripted := outcome.Outputs.Parameters[p.Name]
		switch {
		case scripted:
			p.Value = wfv1.AnyStringPtr(value)
		case p.ValueFrom != nil && p.ValueFrom.Default != nil:
			p.Value = p.ValueFrom.Default
		case outcome.ExitCode == 0:
			return outputs, fmt.Errorf("fake-kubelet: the script has no value for output parameter %q", p.Name)
		default:
			continue
		}
		outputs.Parameters = append(outputs.Parameters, p)
	}
	return outputs, nil
}

// report does the work of Argo's wait container: it hands the outputs over in a WorkflowTaskResult.
func (k *kubelet) report(ctx context.Context, pod *corev1.Pod, tmpl *wfv1.Template, end *ending) error {
	outputs := end.outputs
	if end.ExitCode == 0 {
		outputs.Artifacts = tmpl.Outputs.Artifacts // as if saved: without them the step would never end
	}
	result := &wfv1.WorkflowTaskResult{
		ObjectMeta: metav1.ObjectMeta{
			Name:            pod.Annotations[common.AnnotationKeyNodeID],
			OwnerReferences: []metav1.OwnerReference{owner(pod)},
			Labels: map[string]string{
				common.LabelKeyWorkflow:               pod.Labels[common.LabelKeyWorkflow],
				common.LabelKeyReportOutputsCompleted: "true",
			},
		},
		NodeResult: wfv1.NodeResult{Outputs: &outputs},
	}
	_, err := k.argo.ArgoprojV1alpha1().WorkflowTaskResults(pod.Namespace).Create(ctx, result, metav1.CreateOptions{})
	if apierr.IsAlreadyExists(err) {
		return nil
	}
	return err
}

func owner(pod *corev1.Pod) metav1.OwnerReference {
	wf := metav1.GetControllerOf(pod)
	return metav1.OwnerReference{APIVersion: workflow.APIVersion, Kind: workflow.WorkflowKind, Name: wf.Name, UID: wf.UID}
}

func (k *kubelet) setRunning(ctx context.Context, pod *corev1.Pod, started metav1.Time) error {
	state := corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: started}}
	return k.setStatus(ctx, pod, corev1.PodStatus{
		Phase:             corev1.PodRunning,
		StartTime:         &started,
		ContainerStatuses: statuses(pod.Spec.Containers, func(string) corev1.ContainerState { return state }, true),
	})
}

// end terminates every container; only the main ones take the outcome's exit code.
func (k *kubelet) end(ctx context.Context, pod *corev1.Pod, started metav1.Time, end *ending) error {
	phase := corev1.PodSucceeded
	if end.ExitCode != 0 || end.waitMessage != "" {
		phase = corev1.PodFailed
	}
	terminated := func(code int32, reason, message string) corev1.ContainerState {
		if reason == "" && code == 0 {
			reason = "Completed"
		} else if reason == "" {
			reason = "Error"
		}
		return corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			ExitCode: code, Reason: reason, Message: message, StartedAt: started, FinishedAt: metav1.Now(),
		}}
	}
	fine := func(string) corev1.ContainerState { return terminated(0, "", "") }
	return k.setStatus(ctx, pod, corev1.PodStatus{
		Phase:                 phase,
		StartTime:             &started,
		InitContainerStatuses: statuses(pod.Spec.InitContainers, fine, false),
		ContainerStatuses: statuses(pod.Spec.Containers, func(name string) corev1.ContainerState {
			switch {
			case name == common.WaitContainerName && end.waitMessage != "":
				return terminated(errorExitCode, "", end.waitMessage)
			case common.IsArgoSidecar(name):
				return fine(name)
			}
			return terminated(end.ExitCode, end.Reason, end.Message)
		}, false),
	})
}

// expire is what a kubelet does to a pod that outlives its activeDeadlineSeconds.
func (k *kubelet) expire(ctx context.Context, pod *corev1.Pod, started metav1.Time) error {
	killed := corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
		ExitCode: 137, Reason: "Error", StartedAt: started, FinishedAt: metav1.Now(),
	}}
	return k.setStatus(ctx, pod, corev1.PodStatus{
		Phase:             corev1.PodFailed,
		Reason:            "DeadlineExceeded",
		Message:           "Pod was active on the node longer than the specified deadline",
		StartTime:         &started,
		ContainerStatuses: statuses(pod.Spec.Containers, func(string) corev1.ContainerState { return killed }, false),
	})
}

func statuses(containers []corev1.Container, state func(string) corev1.ContainerState, ready bool) []corev1.ContainerStatus {
	var all []corev1.ContainerStatus
	for _, c := range containers {
		all = append(all, corev1.ContainerStatus{Name: c.Name, Image: c.Image, Ready: ready, State: state(c.Name)})
	}
	return all
}

func (k *kubelet) setStatus(ctx context.Context, pod *corev1.Pod, status corev1.PodStatus) error {
	patch, err := json.Marshal(map[string]any{"status": status})
	if err != nil {
		return err
	}
	_, err = k.kube.CoreV1().Pods(pod.Namespace).Patch(
		ctx, pod.Name, types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	return err
}
