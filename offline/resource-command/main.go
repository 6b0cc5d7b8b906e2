// Command pulumi-resource-command runs local shell commands as Pulumi resources.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	p "github.com/pulumi/pulumi-go-provider"
	"github.com/pulumi/pulumi-go-provider/infer"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
)

type Command struct{}

func (c *Command) Annotate(a infer.Annotator) { a.SetToken("local", "Command") }

type CommandArgs struct {
	Create                 *string            `pulumi:"create,optional"`
	Update                 *string            `pulumi:"update,optional"`
	Delete                 *string            `pulumi:"delete,optional"`
	Dir                    *string            `pulumi:"dir,optional"`
	Environment            *map[string]string `pulumi:"environment,optional"`
	Interpreter            *[]string          `pulumi:"interpreter,optional"`
	Stdin                  *string            `pulumi:"stdin,optional"`
	Logging                *string            `pulumi:"logging,optional"`
	Triggers               *[]any             `pulumi:"triggers,optional" provider:"replaceOnChanges"`
	AddPreviousOutputInEnv *bool              `pulumi:"addPreviousOutputInEnv,optional"`
}

type CommandState struct {
	CommandArgs
	Stdout string `pulumi:"stdout"`
	Stderr string `pulumi:"stderr"`
}

// run runs script as upstream does: the inherited environment, then the given
// one, then what the last run printed; a failure leaves the outputs as they were.
func (s *CommandState) run(ctx context.Context, script string) error {
	argv := []string{"/bin/sh", "-c"}
	if s.Interpreter != nil && len(*s.Interpreter) > 0 {
		argv = *s.Interpreter
	}
	cmd := exec.CommandContext(ctx, argv[0], append(argv[1:], script)...)
	if s.Dir != nil {
		cmd.Dir = *s.Dir
	}
	cmd.Env = os.Environ()
	if s.Environment != nil {
		for k, v := range *s.Environment {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
	}
	if s.AddPreviousOutputInEnv == nil || *s.AddPreviousOutputInEnv {
		if s.Stdout != "" {
			cmd.Env = append(cmd.Env, "PULUMI_COMMAND_STDOUT="+s.Stdout)
		}
		if s.Stderr != "" {
			cmd.Env = append(cmd.Env, "PULUMI_COMMAND_STDERR="+s.Stderr)
		}
	}
	if s.Stdin != nil && *s.Stdin != "" {
		cmd.Stdin = strings.NewReader(*s.Stdin)
	}
	var stdout, stderr bytes.Buffer
	shownOut, shownErr := s.show(ctx, "stdout"), s.show(ctx, "stderr")
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&stdout, shownOut), io.MultiWriter(&stderr, shownErr)
	err := cmd.Run()
	shownOut.flush()
	shownErr.flush()
	if err != nil {
		return fmt.Errorf("%w: running %q:\n%s%s", err, script, stdout.String(), stderr.String())
	}
	s.Stdout, s.Stderr = strings.TrimSuffix(stdout.String(), "\n"), strings.TrimSuffix(stderr.String(), "\n")
	return nil
}

// show logs the lines of a stream as they come; both streams' unless the resource says otherwise.
func (s *CommandState) show(ctx context.Context, stream string) *lines {
	if s.Logging == nil || *s.Logging == stream || *s.Logging == "stdoutAndStderr" {
		return &lines{each: p.GetLogger(ctx).Info}
	}
	return &lines{each: func(string) {}}
}

// lines is an io.Writer that hands on what it gets line by line.
type lines struct {
	each func(string)
	rest []byte
}

func (l *lines) Write(text []byte) (int, error) {
	l.rest = append(l.rest, text...)
	for {
		line, rest, found := bytes.Cut(l.rest, []byte("\n"))
		if !found {
			return len(text), nil
		}
		l.each(string(line))
		l.rest = rest
	}
}

// flush hands on a last line that has no end.
func (l *lines) flush() {
	if len(l.rest) > 0 {
		l.each(string(l.rest))
	}
}

func (Command) Create(ctx context.Context, req infer.CreateRequest[CommandArgs]) (infer.CreateResponse[CommandState], error) {
	state := CommandState{CommandArgs: req.Inputs}
	id, err := resource.NewUniqueHex(req.Name, 8, 0)
	if err == nil && !req.DryRun && state.Create != nil {
		err = state.run(ctx, *state.Create)
	}
	return infer.CreateResponse[CommandState]{ID: id, Output: state}, err
}

func (Command) Update(ctx context.Context, req infer.UpdateRequest[CommandArgs, CommandState]) (infer.UpdateResponse[CommandState], error) {
	state := CommandState{CommandArgs: req.Inputs, Stdout: req.State.Stdout, Stderr: req.State.Stderr}
	script := state.Update
	if script == nil {
		script = state.Create
	}
	if req.DryRun || script == nil {
		return infer.UpdateResponse[CommandState]{Output: state}, nil
	}
	err := state.run(ctx, *script)
	return infer.UpdateResponse[CommandState]{Output: state}, err
}

func (Command) Delete(ctx context.Context, req infer.DeleteRequest[CommandState]) (infer.DeleteResponse, error) {
	if req.State.Delete == nil {
		return infer.DeleteResponse{}, nil
	}
	state := req.State
	return infer.DeleteResponse{}, state.run(ctx, *state.Delete)
}

func main() {
	provider, err := infer.NewProviderBuilder().
		WithNamespace("pulumi").
		WithResources(infer.Resource(Command{})).
		Build()
	if err != nil {
		panic(err)
	}
	if err := provider.Run(context.Background(), "command", "1.2.1"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
