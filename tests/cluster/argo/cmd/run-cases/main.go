// run-cases runs workflows on the cluster and prints a line of JSON for each: how it and its nodes ended.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"strconv"
	"sync"
	"time"

	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	kubeconfig := flag.String("kubeconfig", os.Getenv("KUBECONFIG"), "how to reach the cluster")
	parallel := flag.Int("parallel", 16, "how many cases run at once")
	repeat := flag.Int("repeat", 1, "how often each case runs")
	timeout := flag.Duration("timeout", 2*time.Minute, "how long a case may take that does not say it")
	quiet := flag.Bool("quiet", false, "print no results, only the summary")
	flag.Parse()
	if flag.NArg() == 0 {
		log.Fatal("usage: run-cases [FLAGS] FOLDER|FILE...")
	}

	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	config.QPS, config.Burst = 1000, 1000
	ctx := context.Background()
	runner, err := newRunner(ctx, config)
	if err != nil {
		log.Fatal(err)
	}

	var cases []*Case
	for _, path := range flag.Args() {
		more, err := load(path, *timeout)
		if err != nil {
			log.Fatal(err)
		}
		cases = append(cases, more...)
	}

	start := time.Now()
	results := make(chan Result)
	go func() {
		defer close(results)
		var all sync.WaitGroup
		defer all.Wait()
		places := make(chan struct{}, *parallel)
		run := strconv.FormatInt(start.UnixNano(), 36)
		for n := range *repeat {
			for _, c := range cases {
				places <- struct{}{}
				all.Add(1)
				go func() {
					defer all.Done()
					results <- runner.run(ctx, c, fmt.Sprintf("%s/%d", run, n))
					<-places
				}()
			}
		}
	}()

	phases, wrong := map[string]int{}, 0
	out := json.NewEncoder(os.Stdout)
	for result := range results {
		phases[result.Phase]++
		for _, difference := range result.Wrong {
			fmt.Fprintf(os.Stderr, "%s: %s\n", result.ID, difference)
		}
		wrong += min(1, len(result.Wrong))
		if *quiet {
			continue
		}
		if err := out.Encode(result); err != nil {
			log.Fatal(err)
		}
	}
	took := time.Since(start)
	total := len(cases) * *repeat
	fmt.Fprintf(os.Stderr, "%d workflows in %.1f s, %.0f a minute: %v\n",
		total, took.Seconds(), float64(total)/took.Minutes(), phases)
	if wrong > 0 {
		os.Exit(1)
	}
}
