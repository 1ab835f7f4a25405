package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	apierr "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"cluster/argo/internal/script"
)

const (
	// outcomesName is the ConfigMap, one a namespace, whose key of the same name plus ".json" holds the script.
	outcomesName = "outcomes"
	// outcomeAnnotation on a pod is the first key under which its outcomes are looked up.
	outcomeAnnotation = "oracle/outcome"
)

// outcomes hands out outcomes: of those of a key, each goes to one pod or suspended step, but the last to all later ones.
type outcomes struct {
	client kubernetes.Interface
	mu     sync.Mutex
	taken  map[string]map[int]bool // by namespace and key
}

func newOutcomes(client kubernetes.Interface) *outcomes {
	return &outcomes{client: client, taken: map[string]map[int]bool{}}
}

// next takes the outcome of what has these names and this input in a namespace; nil if the script has none.
func (s *outcomes) next(ctx context.Context, namespace string, names []string, input string) (*script.Outcome, error) {
	cm, err := s.client.CoreV1().ConfigMaps(namespace).Get(ctx, outcomesName, metav1.GetOptions{})
	if apierr.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all map[string][]script.Outcome
	text := json.NewDecoder(strings.NewReader(cm.Data[outcomesName+".json"]))
	text.DisallowUnknownFields()
	if err := text.Decode(&all); err != nil {
		return nil, fmt.Errorf("ConfigMap %s/%s: %w", namespace, outcomesName, err)
	}
	key, found := script.Match(all, names)
	if !found || len(all[key]) == 0 {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.taken[namespace+"/"+key]
	if taken == nil {
		taken = map[int]bool{}
		s.taken[namespace+"/"+key] = taken
	}
	n := script.Choose(all[key], taken, input)
	taken[n] = true
	return &all[key][n], nil
}
