// fake-kubelet ends every pod of a cluster without nodes as a script says, and gives the outputs of suspended steps that wait for them.
//
// There are two exceptions. Pods of Argo's resource templates: Argo's own executor runs them inside this process. And
// pods that run `emr2k8s eval`, unless the script has them: a local program runs in their stead, as a process.
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"

	argo "github.com/argoproj/argo-workflows/v4/pkg/client/clientset/versioned"
	"github.com/argoproj/argo-workflows/v4/util/logging"
)

type kubelet struct {
	config *rest.Config
	kube   kubernetes.Interface
	argo   argo.Interface
	state  string

	outcomes *outcomes

	runtime runtime

	all     sync.WaitGroup
	mu      sync.Mutex
	running map[types.UID]context.CancelFunc
}

func main() {
	kubeconfig := flag.String("kubeconfig", os.Getenv("KUBECONFIG"), "how to reach the cluster")
	state := flag.String("state", os.TempDir(), "folder for manifests and kubeconfigs of resource templates")
	program := flag.String("runtime", "", "the program that runs for pods of the runtime")
	images := flag.String("runtime-image", "emr2k8s emr2k8s:* emr2k8s@*", "patterns for the runtime's image, without registry and folders")
	processes := flag.Int("processes", 8, "how many pods of the runtime run at once")
	flag.Parse()

	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	config.QPS, config.Burst = 1000, 1000
	k := &kubelet{
		config:  config,
		kube:    kubernetes.NewForConfigOrDie(config),
		argo:    argo.NewForConfigOrDie(config),
		state:   *state,
		runtime: runtime{images: strings.Fields(*images), program: *program, places: make(chan struct{}, *processes)},
		running: map[types.UID]context.CancelFunc{},
	}
	k.outcomes = newOutcomes(k.kube)

	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	ctx = logging.WithLogger(ctx, logging.NewSlogLogger(logging.Warn, logging.Text))

	if err := k.answerSuspended(ctx); err != nil {
		log.Fatal(err)
	}
	pods := informers.NewSharedInformerFactory(k.kube, 0).Core().V1().Pods().Informer()
	_, err = pods.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { k.start(ctx, o.(*corev1.Pod)) },
		DeleteFunc: k.stop,
	})
	if err != nil {
		log.Fatal(err)
	}
	pods.Run(ctx.Done())
	k.all.Wait() // no process outlives this one
}

// start runs a pod until it ends or is deleted. A pod that has ended before stays as it is.
func (k *kubelet) start(ctx context.Context, pod *corev1.Pod) {
	if pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed {
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	k.mu.Lock()
	k.running[pod.UID] = cancel
	k.mu.Unlock()
	k.all.Add(1)
	go func() {
		defer k.all.Done()
		defer k.forget(pod.UID)
		if err := k.run(ctx, pod); err != nil && ctx.Err() == nil {
			log.Printf("pod %s/%s: %v", pod.Namespace, pod.Name, err)
		}
	}()
}

func (k *kubelet) stop(o any) {
	if gone, ok := o.(cache.DeletedFinalStateUnknown); ok {
		o = gone.Obj
	}
	if pod, ok := o.(*corev1.Pod); ok {
		k.forget(pod.UID)
	}
}

func (k *kubelet) forget(uid types.UID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if cancel, ok := k.running[uid]; ok {
		cancel()
		delete(k.running, uid)
	}
}
