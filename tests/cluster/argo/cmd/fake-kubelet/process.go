package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	wfv1 "github.com/argoproj/argo-workflows/v4/pkg/apis/workflow/v1alpha1"
	"github.com/argoproj/argo-workflows/v4/workflow/common"

	"cluster/argo/internal/expand"
)

const (
	// outputFolder is where a pod of the runtime writes its outputs; here it is told another folder.
	outputFolder     = "/tmp/emr2k8s"
	outputVariable   = "EMR2K8S_OUT"
	inputVariable    = "EMR2K8S_IN" // the folder of its input artifacts, for a pod outputFolder too
	messageVariable  = "EMR2K8S_TERMINATION_LOG"
	messageLimit     = 4096 // bytes: a kubelet takes the end of a longer termination message
	fallbackLimit    = 2048 // bytes of the log, with terminationMessagePolicy FallbackToLogsOnError
	startFailureCode = 128  // what a container runtime reports for a process that it could not start
	killedCode       = 137
)

// runtime says which pods are run as local processes, and by what program.
type runtime struct {
	images  []string // patterns for an image's name without its registry and folders
	program string
	places  chan struct{}
}

// runs tells whether a container is `emr2k8s eval ...` in an image of the runtime.
func (r *runtime) runs(c *corev1.Container) bool {
	words := words(c)
	if len(words) == 1 && slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return e.Name == common.EnvVarContainerArgsFile }) {
		words = append(words, "eval") // as all that is so long; the arguments are in a ConfigMap
	}
	if len(words) < 2 || path.Base(words[0]) != "emr2k8s" || words[1] != "eval" {
		return false
	}
	for _, pattern := range r.images {
		if ok, _ := path.Match(pattern, path.Base(c.Image)); ok {
			return true
		}
	}
	return false
}

// words is the container's command line as its template has it: without what Argo puts before it.
func words(c *corev1.Container) []string {
	command := c.Command
	for i, word := range command {
		if word == "--" && path.Base(command[0]) == "argoexec" {
			command = command[i+1:]
			break
		}
	}
	return append(append([]string{}, command...), c.Args...)
}

func mainContainer(pod *corev1.Pod) *corev1.Container {
	for i := range pod.Spec.Containers {
		if pod.Spec.Containers[i].Name == common.MainContainerName {
			return &pod.Spec.Containers[i]
		}
	}
	return nil
}

// process runs the main container's program here and does what Argo's wait container does with its files.
func (k *kubelet) process(ctx context.Context, pod *corev1.Pod, tmpl *wfv1.Template) (*ending, error) {
	if k.runtime.program == "" {
		return nil, errors.New("fake-kubelet: no program runs `emr2k8s eval` here: set CLUSTER_RUNTIME")
	}
	container := mainContainer(pod)
	dir, err := os.MkdirTemp(k.state, "process-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	in, out, message := filepath.Join(dir, "in"), filepath.Join(dir, "out"), filepath.Join(dir, "termination-log")
	stdout, stderr := filepath.Join(dir, "stdout"), filepath.Join(dir, "stderr")
	if err := errors.Join(os.Mkdir(in, 0o700), os.Mkdir(out, 0o700), os.WriteFile(message, nil, 0o600)); err != nil {
		return nil, err
	}
	if err := loadArtifacts(tmpl, in); err != nil {
		return nil, err
	}
	values, env, err := k.environment(ctx, pod, container)
	if err != nil {
		return nil, err
	}
	arguments, err := k.arguments(ctx, pod, container, values, dir)
	if err != nil {
		return nil, err
	}

	command := exec.Command(k.runtime.program, arguments...)
	command.Dir = dir
	command.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TMPDIR=" + dir}, env...)
	command.Env = append(command.Env, inputVariable+"="+in, outputVariable+"="+out, messageVariable+"="+message)
	end := &ending{}
	if err := start(ctx, command, stdout, stderr); err != nil {
		var exit *exec.ExitError
		switch {
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case !errors.As(err, &exit): // as an argument list that is too long
			end.ExitCode, end.Reason, end.Message = startFailureCode, "StartError", err.Error()
			return end, nil
		case exit.ExitCode() < 0:
			end.ExitCode = killedCode
		default:
			end.ExitCode = int32(exit.ExitCode())
		}
	}
	end.Message = tail(message, messageLimit)
	if end.Message == "" && end.ExitCode != 0 && container.TerminationMessagePolicy == corev1.TerminationMessageFallbackToLogsOnError {
		end.Message = tail(stderr, fallbackLimit)
	}
	end.outputs, err = saved(tmpl, out)
	if err != nil {
		end.waitMessage = err.Error()
	}
	if end.ExitCode != 0 || end.waitMessage != "" {
		log.Printf("pod %s/%s, `%s`: exit code %d, %s%s\n%s", pod.Namespace, pod.Name, strings.Join(arguments, " "),
			end.ExitCode, end.Message, end.waitMessage, tail(stderr, fallbackLimit))
	}
	if values[common.EnvVarIncludeScriptOutput] == "true" {
		result := strings.TrimSuffix(tail(stdout, 256<<10), "\n")
		end.outputs.Result = &result
	}
	return end, nil
}

// start runs a command to its end; with the context it is killed, and all that it has started.
func start(ctx context.Context, command *exec.Cmd, stdout, stderr string) error {
	outFile, err := os.Create(stdout)
	if err != nil {
		return err
	}
	defer outFile.Close()
	errFile, err := os.Create(stderr)
	if err != nil {
		return err
	}
	defer errFile.Close()
	command.Stdout, command.Stderr = outFile, errFile
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL) })
	defer stop()
	return command.Wait()
}

// environment is what a kubelet makes of a container's variables.
func (k *kubelet) environment(ctx context.Context, pod *corev1.Pod, container *corev1.Container) (map[string]string, []string, error) {
	values := map[string]string{}
	var env []string
	for _, variable := range container.Env {
		value := expand.Text(variable.Value, values)
		if from := variable.ValueFrom; from != nil {
			var found bool
			var err error
			if value, found, err = k.valueFrom(ctx, pod, from); err != nil {
				return nil, nil, fmt.Errorf("fake-kubelet: variable %s: %w", variable.Name, err)
			} else if !found {
				continue
			}
		}
		values[variable.Name] = value
		env = append(env, variable.Name+"="+value)
	}
	return values, env, nil
}

func (k *kubelet) valueFrom(ctx context.Context, pod *corev1.Pod, from *corev1.EnvVarSource) (string, bool, error) {
	switch {
	case from.FieldRef != nil:
		value, ok := map[string]string{
			"metadata.name": pod.Name, "metadata.namespace": pod.Namespace, "metadata.uid": string(pod.UID),
		}[from.FieldRef.FieldPath]
		if !ok {
			return "", false, fmt.Errorf("field %s is not supported", from.FieldRef.FieldPath)
		}
		return value, true, nil
	case from.ConfigMapKeyRef != nil:
		ref := from.ConfigMapKeyRef
		cm, err := k.kube.CoreV1().ConfigMaps(pod.Namespace).Get(ctx, ref.Name, metav1.GetOptions{})
		if err != nil {
			return "", false, optional(ref.Optional, err)
		}
		value, ok := cm.Data[ref.Key]
		if !ok {
			return "", false, optional(ref.Optional, fmt.Errorf("ConfigMap %s has no key %s", ref.Name, ref.Key))
		}
		return value, true, nil
	}
	return "", false, errors.New("this source is not supported")
}

func optional(yes *bool, err error) error {
	if yes != nil && *yes {
		return nil
	}
	return err
}

// arguments is the command line without its program. Argo hands over long ones in a ConfigMap, and its emissary writes
// each that is too long for a command line into a file and passes `@FILE`.
func (k *kubelet) arguments(
	ctx context.Context, pod *corev1.Pod, container *corev1.Container, values map[string]string, dir string,
) ([]string, error) {
	var all []string
	for _, word := range words(container)[1:] {
		all = append(all, expand.Text(word, values))
	}
	if values[common.EnvVarContainerArgsFile] == "" {
		return all, nil
	}
	text, err := k.offloaded(ctx, pod, common.EnvVarContainerArgsFile)
	if err != nil {
		return nil, err
	}
	var more []string
	if err := json.Unmarshal([]byte(text), &more); err != nil {
		return nil, err
	}
	all = append(all, more...)
	for i, argument := range all {
		if len(argument) > common.MaxEnvVarLen {
			file := filepath.Join(dir, fmt.Sprintf("argo_arg_%d.txt", i))
			if err := os.WriteFile(file, []byte(argument), 0o600); err != nil {
				return nil, err
			}
			all[i] = "@" + file
		}
	}
	return all, nil
}

// offloaded reads what Argo moved out of a pod that would be too large: a key of the ConfigMap of the pod's name.
func (k *kubelet) offloaded(ctx context.Context, pod *corev1.Pod, key string) (string, error) {
	cm, err := k.kube.CoreV1().ConfigMaps(pod.Namespace).Get(ctx, pod.Name, metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	text, ok := cm.Data[key]
	if !ok {
		return "", fmt.Errorf("ConfigMap %s has no key %s", pod.Name, key)
	}
	return text, nil
}

// loadArtifacts writes raw input artifacts as Argo's WorkflowExecutor.LoadArtifacts does, but all into one folder. Their
// data has been through a variable with the rest of the template, so a kubelet made `$` of each `$$` in it, except in a
// template so long that it lies in a ConfigMap.
func loadArtifacts(tmpl *wfv1.Template, in string) error {
	for _, artifact := range tmpl.Inputs.Artifacts {
		switch {
		case artifact.Raw != nil:
			if err := os.WriteFile(filepath.Join(in, path.Base(artifact.Path)), []byte(artifact.Raw.Data), 0o600); err != nil {
				return err
			}
		case artifact.HasLocationOrKey():
			return fmt.Errorf("fake-kubelet: artifact %s is not raw", artifact.Name)
		case !artifact.Optional:
			return fmt.Errorf("required artifact '%s' not supplied", artifact.Name)
		}
	}
	return nil
}

// saved reads the output parameters as Argo's WorkflowExecutor.SaveParameters does, of a failed pod too: the first file
// that is missing without a default ends it with an error, and what was read so far is reported all the same.
func saved(tmpl *wfv1.Template, out string) (wfv1.Outputs, error) {
	outputs := *tmpl.Outputs.DeepCopy()
	outputs.Artifacts = nil
	for i, p := range outputs.Parameters {
		if p.ValueFrom == nil || p.ValueFrom.Path == "" {
			continue
		}
		value := p.ValueFrom.Default
		name, below := strings.CutPrefix(path.Clean(p.ValueFrom.Path), outputFolder+"/")
		text, err := os.ReadFile(filepath.Join(out, name))
		if below && err == nil {
			value = wfv1.AnyStringPtr(string(text))
		} else if value == nil {
			return outputs, fmt.Errorf("open /var/run/argo/outputs/parameters%s: no such file or directory", p.ValueFrom.Path)
		}
		outputs.Parameters[i].Value = wfv1.AnyStringPtr(strings.TrimSuffix(value.String(), "\n"))
	}
	return outputs, nil
}

// tail is the end of a file, at most so many bytes; nothing if it cannot be read.
func tail(file string, limit int) string {
	text, _ := os.ReadFile(file)
	return string(text[max(0, len(text)-limit):])
}
