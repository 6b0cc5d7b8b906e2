package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/grpc"
)

// engineCheck is how often the host asks whether its engine is still there: one that was killed tells nobody.
const engineCheck = 10 * time.Second

func main() {
	flag.String("tracing", "", "accepted for the engine's sake")
	flag.String("root", "", "accepted for the engine's sake")
	flag.String("packagemanager", "", "accepted for the engine's sake")
	flag.String("nodeargs", "", "accepted for the engine's sake")
	flag.Bool("typescript", true, "accepted for the engine's sake")
	flag.Parse()
	if err := serve(flag.Arg(0)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve answers the engine at an address until it is gone.
func serve(engine string) error {
	alive, end := context.WithCancel(context.Background())
	defer end()
	if engine != "" {
		if err := rpcutil.Healthcheck(alive, engine, engineCheck, end); err != nil {
			return err
		}
	}
	gone := make(chan bool)
	go func() {
		<-alive.Done()
		close(gone)
	}()
	host := &languageHost{engine: engine}
	server, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{Cancel: gone, Init: func(s *grpc.Server) error {
		pulumirpc.RegisterLanguageRuntimeServer(s, host)
		return nil
	}})
	if err != nil {
		return err
	}
	fmt.Println(server.Port)
	return <-server.Done
}
