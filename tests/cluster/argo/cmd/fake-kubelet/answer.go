package main

import (
	"context"
	"log"
	"time"

	"k8s.io/client-go/tools/cache"

	"github.com/argoproj/argo-workflows/v4/persist/sqldb"
	wfv1 "github.com/argoproj/argo-workflows/v4/pkg/apis/workflow/v1alpha1"
	"github.com/argoproj/argo-workflows/v4/pkg/client/informers/externalversions"
	"github.com/argoproj/argo-workflows/v4/workflow/hydrator"
	"github.com/argoproj/argo-workflows/v4/workflow/packer"
	"github.com/argoproj/argo-workflows/v4/workflow/util"

	"cluster/argo/internal/script"
)

// answerAfter is how long an answer takes at least. The controller writes its own version of a workflow back to its cache (INFORMER_WRITE_BACK, see
// up.sh), over one that came in meanwhile: an answer that is too quick is not seen before the next event.
const answerAfter = 500 * time.Millisecond

// answerSuspended gives the outputs of suspended steps that wait for them, as somebody would who was told of them: as `argo node set` does. A step
// of which the script does not speak stays suspended.
func (k *kubelet) answerSuspended(ctx context.Context) error {
	answered := map[string]bool{} // by namespace and node
	workflows := externalversions.NewSharedInformerFactory(k.argo, 0).Argoproj().V1alpha1().Workflows().Informer()
	see := func(o any) {
		wf, ok := o.(*wfv1.Workflow)
		if !ok || wf.Status.Fulfilled() {
			return
		}
		if wf.Status.CompressedNodes != "" {
			wf = wf.DeepCopy()
			if err := packer.DecompressWorkflow(ctx, wf); err != nil {
				log.Printf("workflow %s/%s: %v", wf.Namespace, wf.Name, err)
				return
			}
		}
		for _, node := range wf.Status.Nodes {
			key := wf.Namespace + "/" + node.ID
			if !node.IsActiveSuspendNode() || !awaitsOutputs(node) || answered[key] {
				continue
			}
			answered[key] = true // the informer calls one at a time
			go func() {
				if err := k.answer(ctx, wf, node); err != nil && ctx.Err() == nil {
					log.Printf("node %s of workflow %s/%s: %v", node.Name, wf.Namespace, wf.Name, err)
				}
			}()
		}
	}
	_, err := workflows.AddEventHandler(cache.ResourceEventHandlerFuncs{AddFunc: see, UpdateFunc: func(_, o any) { see(o) }})
	if err != nil {
		return err
	}
	go workflows.Run(ctx.Done())
	return nil
}

func awaitsOutputs(node wfv1.NodeStatus) bool {
	if node.Outputs == nil {
		return false
	}
	for _, p := range node.Outputs.Parameters {
		if p.ValueFrom != nil && p.ValueFrom.Supplied != nil {
			return true
		}
	}
	return false
}

func (k *kubelet) answer(ctx context.Context, wf *wfv1.Workflow, node wfv1.NodeStatus) error {
	names := append([]string{"@" + node.TemplateName}, script.Names(node.Name)...)
	outcome, err := k.outcomes.next(ctx, wf.Namespace, append(names, node.TemplateName), "")
	if err != nil || outcome == nil {
		return err
	}
	delay, err := outcome.Wait()
	if err != nil {
		return err
	}
	delay = max(delay, answerAfter)
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(delay):
	}
	values := util.SetOperationValues{Phase: wfv1.NodeSucceeded, Message: outcome.Message, OutputParameters: outcome.Outputs.Parameters}
	if outcome.ExitCode != 0 {
		values.Phase = wfv1.NodeFailed
	}
	nodes := hydrator.New(sqldb.ExplosiveOffloadNodeStatusRepo)
	return util.SetWorkflow(ctx, k.argo.ArgoprojV1alpha1().Workflows(wf.Namespace), nodes, wf.Name, "id="+node.ID, values)
}
