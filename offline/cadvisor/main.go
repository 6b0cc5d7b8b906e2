// Command cadvisor serves the metrics of containers and of the machine under
// the flags, paths and labels of cAdvisor's own program, which is in no registry.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	_ "github.com/google/cadvisor/container/docker/install"
	"github.com/google/cadvisor/lib/cache/memory"
	"github.com/google/cadvisor/lib/container"
	_ "github.com/google/cadvisor/lib/container/containerd/install"
	_ "github.com/google/cadvisor/lib/container/systemd/install"
	_ "github.com/google/cadvisor/lib/fs/btrfs/install"
	_ "github.com/google/cadvisor/lib/fs/nfs/install"
	_ "github.com/google/cadvisor/lib/fs/overlay/install"
	_ "github.com/google/cadvisor/lib/fs/tmpfs/install"
	_ "github.com/google/cadvisor/lib/fs/vfs/install"
	_ "github.com/google/cadvisor/lib/fs/zfs/install"
	"github.com/google/cadvisor/lib/manager"
	"github.com/google/cadvisor/lib/metrics"
	"github.com/google/cadvisor/lib/model"
	"github.com/google/cadvisor/lib/utils/sysfs"
	"github.com/google/cadvisor/lib/version"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"k8s.io/klog/v2"
	"k8s.io/utils/clock"
)

var (
	listenIP    = flag.String("listen_ip", "", "address to listen on (default every one)")
	port        = flag.Int("port", 8080, "port to listen on")
	endpoint    = flag.String("prometheus_endpoint", "/metrics", "path that serves the metrics")
	retention   = flag.Duration("storage_duration", 2*time.Minute, "how long samples are kept in memory")
	labels      = flag.Bool("store_container_labels", true, "turn every label of a container into one of its metrics")
	allowLabels = flag.String("whitelisted_container_labels", "", "comma-separated container labels to keep without store_container_labels")
	allowEnv    = flag.String("env_metadata_whitelist", "", "comma-separated prefixes of environment variables to keep as labels")
	allowRaw    = flag.String("raw_cgroup_prefix_whitelist", "", "comma-separated cgroup path prefixes to report in spite of docker_only")
	showVersion = flag.Bool("version", false, "print the version and exit")

	// What cAdvisor leaves out of its metrics unless told otherwise.
	disabled = container.MetricSet{
		container.CPUSetMetrics:                  {},
		container.CPUTopologyMetrics:             {},
		container.HugetlbUsageMetrics:            {},
		container.MemoryNumaMetrics:              {},
		container.NetworkAdvancedTcpUsageMetrics: {},
		container.NetworkTcpUsageMetrics:         {},
		container.NetworkUdpUsageMetrics:         {},
		container.ProcessMetrics:                 {},
		container.ProcessSchedulerMetrics:        {},
		container.ReferencedMemoryMetrics:        {},
		container.ResctrlMetrics:                 {},
	}
	enabled = container.MetricSet{}
)

func main() {
	flag.Var(&disabled, "disable_metrics", "comma-separated kinds of metrics to leave out")
	flag.Var(&enabled, "enable_metrics", "comma-separated kinds of metrics to report; overrides disable_metrics")
	klog.InitFlags(nil)
	flag.Parse()
	version.Info["version"] = libraryVersion()
	if *showVersion {
		fmt.Println("cAdvisor version", version.Info["version"])
		return
	}
	if err := run(); err != nil {
		klog.Fatal(err)
	}
}

// run collects and serves until the process is told to stop.
func run() error {
	kinds := container.AllMetrics.Difference(disabled)
	if len(enabled) > 0 {
		kinds = enabled
	}
	containers, err := manager.New(memory.New(*retention, nil), sysfs.NewRealSysFs(), manager.HousekeepingConfigFlags,
		kinds, strings.Split(*allowRaw, ","), strings.Split(*allowEnv, ","), "", 0)
	if err != nil {
		return fmt.Errorf("creating the manager: %w", err)
	}
	if err := containers.Start(); err != nil {
		return fmt.Errorf("starting the manager: %w", err)
	}

	server := &http.Server{Addr: net.JoinHostPort(*listenIP, strconv.Itoa(*port)), Handler: routes(containers, kinds)}
	stopped, release := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer release()
	go func() {
		<-stopped.Done()
		if err := errors.Join(containers.Stop(), server.Close()); err != nil {
			klog.Errorf("stopping: %v", err)
		}
	}()
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func routes(containers manager.Manager, kinds container.MetricSet) http.Handler {
	labelsOf := metrics.DefaultContainerLabels
	if !*labels {
		labelsOf = metrics.BaseContainerLabels(strings.Split(*allowLabels, ","))
	}
	latest := model.RequestOptions{IdType: model.TypeName, Count: 1, Recursive: true}
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		metrics.NewPrometheusCollector(containers, labelsOf, kinds, clock.RealClock{}, latest),
		metrics.NewPrometheusMachineCollector(containers, kinds),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	mux := http.NewServeMux()
	mux.Handle(*endpoint, promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	return mux
}

// libraryVersion is the pin of go.mod, as the compiler noted it.
func libraryVersion() string {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	for _, module := range build.Deps {
		if module.Path == "github.com/google/cadvisor" {
			return module.Version
		}
	}
	return ""
}
