package main

import (
	"context"
	"fmt"
	"regexp"
	"sort"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/cache"

	wfv1 "github.com/argoproj/argo-workflows/v4/pkg/apis/workflow/v1alpha1"
	argo "github.com/argoproj/argo-workflows/v4/pkg/client/clientset/versioned"
	"github.com/argoproj/argo-workflows/v4/pkg/client/informers/externalversions"
	"github.com/argoproj/argo-workflows/v4/util/logging"
	"github.com/argoproj/argo-workflows/v4/workflow/packer"
)

// Result is how a case ended. The phase is Argo's, or "Timeout", or "Refused" if the API server took an object amiss.
type Result struct {
	ID      string                      `json:"id"`
	Phase   string                      `json:"phase"`
	Message string                      `json:"message,omitempty"`
	Outputs *wfv1.Outputs               `json:"outputs,omitempty"`
	Nodes   []Node                      `json:"nodes,omitempty"`
	Objects []unstructured.Unstructured `json:"objects,omitempty"` // what the case asked to observe, in order of creation
	Seconds float64                     `json:"seconds"`
	Wrong   []string                    `json:"wrong,omitempty"` // what is not as the case expects
}

// Node is one node of the workflow, in the order in which they started.
type Node struct {
	Name         string        `json:"name"`
	DisplayName  string        `json:"displayName"`
	Type         string        `json:"type"`
	TemplateName string        `json:"templateName,omitempty"`
	Phase        string        `json:"phase"`
	Message      string        `json:"message,omitempty"`
	Inputs       *wfv1.Inputs  `json:"inputs,omitempty"`
	Outputs      *wfv1.Outputs `json:"outputs,omitempty"`
}

type runner struct {
	kube    kubernetes.Interface
	dynamic dynamic.Interface
	argo    argo.Interface
	mapper  *restmapper.DeferredDiscoveryRESTMapper

	mu      sync.Mutex
	waiting map[string]chan *wfv1.Workflow // by namespace
}

func newRunner(ctx context.Context, config *rest.Config) (*runner, error) {
	r := &runner{
		kube:    kubernetes.NewForConfigOrDie(config),
		dynamic: dynamic.NewForConfigOrDie(config),
		argo:    argo.NewForConfigOrDie(config),
		waiting: map[string]chan *wfv1.Workflow{},
	}
	r.mapper = restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(r.kube.Discovery()))
	workflows := externalversions.NewSharedInformerFactory(r.argo, 0).Argoproj().V1alpha1().Workflows().Informer()
	_, err := workflows.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    r.see,
		UpdateFunc: func(_, o any) { r.see(o) },
	})
	if err != nil {
		return nil, err
	}
	go workflows.Run(ctx.Done())
	if !cache.WaitForCacheSync(ctx.Done(), workflows.HasSynced) {
		return nil, ctx.Err()
	}
	return r, nil
}

// ownLabel marks the workflow that a case is about.
const ownLabel = "run-cases/case"

// see hands a workflow that has ended to the case that waits for it.
func (r *runner) see(o any) {
	wf, ok := o.(*wfv1.Workflow)
	// Workflows that the case's own one starts end, too.
	if !ok || !wf.Status.Fulfilled() || wf.Labels[ownLabel] == "" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if done, ok := r.waiting[wf.Namespace]; ok {
		done <- wf
		delete(r.waiting, wf.Namespace)
	}
}

// unseen is what the controller says of a WorkflowTemplate that is too new for its cache: no matter of the case's.
var unseen = regexp.MustCompile(`(workflowtemplates|clusterworkflowtemplates)\.argoproj\.io "[^"]*" not found`)

// run runs a case, again in another namespace if the controller did not know its template yet.
func (r *runner) run(ctx context.Context, c *Case, run string) Result {
	for try := 0; ; try++ {
		result := r.once(ctx, c, c.namespace(run, try))
		if try == 5 || result.Phase != string(wfv1.WorkflowError) || !unseen.MatchString(result.Message) {
			wrong, err := differences(c.Expect, result)
			if err != nil {
				wrong = []string{err.Error()}
			}
			result.Wrong = wrong
			return result
		}
	}
}

func (r *runner) once(ctx context.Context, c *Case, namespace string) Result {
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	done := make(chan *wfv1.Workflow, 1)
	r.mu.Lock()
	r.waiting[namespace] = done
	r.mu.Unlock()

	result := Result{ID: c.ID}
	if wf, err := r.submit(ctx, c, namespace); err != nil {
		result.Phase, result.Message = "Refused", err.Error()
	} else {
		select {
		case wf = <-done:
			result.Phase = string(wf.Status.Phase)
		case <-ctx.Done():
			ctx = context.WithoutCancel(ctx)
			result.Phase = "Timeout"
			if now, err := r.argo.ArgoprojV1alpha1().Workflows(namespace).Get(ctx, wf.Name, metav1.GetOptions{}); err == nil {
				wf = now
			}
		}
		if err := result.describe(wf); err != nil {
			result.Message = err.Error()
		}
	}
	for _, resource := range c.Observe {
		objects, err := r.list(ctx, namespace, resource)
		if err != nil {
			result.Message = strings.TrimSpace(result.Message + " " + err.Error())
		}
		result.Objects = append(result.Objects, objects...)
	}
	result.Seconds = time.Since(start).Seconds()
	return result
}

func (r *runner) submit(ctx context.Context, c *Case, namespace string) (*wfv1.Workflow, error) {
	_, err := r.kube.CoreV1().Namespaces().Create(ctx,
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
	if err != nil {
		return nil, err
	}
	if c.Script != nil {
		_, err = r.kube.CoreV1().ConfigMaps(namespace).Create(ctx, &corev1.ConfigMap{
			ObjectMeta: metav1.ObjectMeta{Name: "outcomes"},
			Data:       map[string]string{"outcomes.json": string(c.Script)},
		}, metav1.CreateOptions{})
		if err != nil {
			return nil, err
		}
	}
	for i := range c.Manifests {
		if _, err := r.create(ctx, c.Manifests[i].DeepCopy(), namespace); err != nil {
			return nil, err
		}
	}
	workflow := c.workflow()
	labels := workflow.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[ownLabel] = "own"
	workflow.SetLabels(labels)
	object, err := r.create(ctx, workflow, namespace)
	if err != nil {
		return nil, err
	}
	return &wfv1.Workflow{ObjectMeta: metav1.ObjectMeta{Name: object.GetName(), Namespace: namespace}}, nil
}

// create creates an object and refuses fields that its schema does not know.
func (r *runner) create(ctx context.Context, object *unstructured.Unstructured, namespace string) (*unstructured.Unstructured, error) {
	kind := object.GroupVersionKind()
	mapping, err := r.mapper.RESTMapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, err
	}
	object.SetNamespace(namespace)
	created, err := r.dynamic.Resource(mapping.Resource).Namespace(namespace).Create(ctx, object,
		metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", kind.Kind, object.GetName(), err)
	}
	return created, nil
}

func (r *runner) list(ctx context.Context, namespace, resource string) ([]unstructured.Unstructured, error) {
	gvr, err := r.mapper.ResourceFor(schema.ParseGroupResource(resource).WithVersion(""))
	if err != nil {
		return nil, err
	}
	list, err := r.dynamic.Resource(gvr).Namespace(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	for i := range list.Items {
		list.Items[i].SetManagedFields(nil)
	}
	sort.SliceStable(list.Items, func(i, j int) bool {
		a, b := list.Items[i].GetCreationTimestamp(), list.Items[j].GetCreationTimestamp()
		return a.Before(&b)
	})
	return list.Items, nil
}

func (result *Result) describe(wf *wfv1.Workflow) error {
	wf = wf.DeepCopy()
	ctx := logging.WithLogger(context.Background(), logging.NewSlogLogger(logging.Error, logging.Text))
	if err := packer.DecompressWorkflow(ctx, wf); err != nil {
		return err
	}
	result.Message, result.Outputs = wf.Status.Message, wf.Status.Outputs
	if root, ok := wf.Status.Nodes[wf.Name]; ok && result.Outputs == nil {
		result.Outputs = root.Outputs // the workflow's own are the global ones only
	}
	nodes := make([]wfv1.NodeStatus, 0, len(wf.Status.Nodes))
	for _, n := range wf.Status.Nodes {
		nodes = append(nodes, n)
	}
	sort.Slice(nodes, func(i, j int) bool {
		if !nodes[i].StartedAt.Equal(&nodes[j].StartedAt) {
			return nodes[i].StartedAt.Before(&nodes[j].StartedAt)
		}
		return nodes[i].Name < nodes[j].Name
	})
	for _, n := range nodes {
		node := Node{
			Name: n.Name, DisplayName: n.DisplayName, Type: string(n.Type), TemplateName: n.TemplateName,
			Phase: string(n.Phase), Message: n.Message, Inputs: n.Inputs, Outputs: n.Outputs,
		}
		if ref := n.TemplateRef; ref != nil {
			node.TemplateName = ref.Name + "/" + ref.Template
		}
		result.Nodes = append(result.Nodes, node)
	}
	return nil
}
