// Command polystore works with objects in any bucket that package storage can open, and checks
// whether a bucket keeps the promises of that package.
//
//	polystore ls s3://bucket/reports/
//	polystore put --if-absent report.csv s3://bucket/reports/2026.csv
//	polystore cp -r ./site 's3://bucket/site?region=eu-west-1'
//	polystore check 's3://bucket?endpoint=http://127.0.0.1:9000&provider=minio'
//
// An argument is a path or a URL. The path of a URL is the key. In a file URL and in a plain path,
// the key is the text after the last slash, and the rest is the directory that is the bucket. The
// parameter key= names any key of any bucket; then the whole path belongs to the bucket:
// file:///data?key=a/b. The other parameters are the provider's. "-" is standard input or output.
//
// put, get and cp show on a terminal how far they are. Progress and messages go to standard error,
// results to standard output.
//
// Exit codes: 0 done, 1 failed (at least in part), 2 wrong usage or an argument that the service
// cannot take, 3 not found, 4 permission denied, 6 a condition was not met, 130 interrupted by
// Ctrl-C, 143 terminated, 129 hung up.
package main

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/alecthomas/kong"

	_ "github.com/polystore/storage/providers/all"
)

// commands is the grammar: a field is a command, in the file of its name.
type commands struct {
	Ls      lsCmd      `cmd:"" help:"List objects."`
	Cat     catCmd     `cmd:"" help:"Print objects."`
	Put     putCmd     `cmd:"" help:"Write an object from a file or standard input."`
	Get     getCmd     `cmd:"" help:"Read an object into a file or to standard output."`
	Cp      cpCmd      `cmd:"" help:"Copy an object, or with -r all below, between any two places."`
	Rm      rmCmd      `cmd:"" help:"Delete objects."`
	Mb      mbCmd      `cmd:"" help:"Make a bucket."`
	Stat    statCmd    `cmd:"" help:"Describe an object."`
	Sign    signCmd    `cmd:"" help:"Make a URL that allows one kind of request until it expires."`
	Check   checkCmd   `cmd:"" help:"Check which promises a live bucket keeps."`
	Version versionCmd `cmd:"" help:"Print the version."`
}

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }

// run is the command from its arguments to its exit code.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin: stdin, stdout: stdout, stderr: &screen{out: stderr}}
	ctx, stop := untilSignal(context.Background(), func() {
		a.warn(errors.New("cleaning up; another signal ends the command at once"))
	})
	defer stop()
	a.ctx = ctx
	var c commands
	parser, err := kong.New(&c,
		kong.Name("polystore"),
		kong.Description(
			"Objects in S3, Google Cloud Storage, Azure, directories and memory, with the same "+
				"promises everywhere. An argument is a path or a URL: s3://bucket/key, "+
				"gs://bucket/key, az://container/key, file:///directory/key. "+
				"Where it makes sense, - is standard input or output.",
		),
		kong.Writers(stdout, stderr),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
	if err != nil {
		return a.fail(err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return a.fail(usage("%s", withoutURLs(err.Error(), args)))
	}
	err = parsed.Run(a)
	if closed := a.close(); err == nil {
		err = closed
	}
	return a.fail(interrupted(ctx, err))
}
