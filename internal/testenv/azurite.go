package testenv

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	_ "embed" // the lock file
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/polystore/storage/internal/testenv/program"
)

// Azurite returns the shared Azurite over plain HTTP, which keeps everything in memory, or ends the
// test as the mode says. Its account is [Server.AccessKey], with the key [Server.AzureKey], and is
// in the path behind [Server.Endpoint].
func Azurite(tb testing.TB) *Server { tb.Helper(); return azurite.get(tb) }

// AzuriteTLS returns the shared Azurite over TLS. It also takes tokens of Entra ID, whose signature
// it does not look at.
func AzuriteTLS(tb testing.TB) *Server { tb.Helper(); return azuriteTLS.get(tb) }

// AzuriteDisk returns the shared Azurite over plain HTTP that keeps objects in files.
func AzuriteDisk(tb testing.TB) *Server { tb.Helper(); return azuriteDisk.get(tb) }

// AzureKey is the key of the account, as the service writes it.
func (s *Server) AzureKey() string { return base64.StdEncoding.EncodeToString([]byte(s.SecretKey)) }

var (
	azurite    = shared{kind: azuriteKind("Azurite", false, "--inMemoryPersistence")}
	azuriteTLS = shared{kind: azuriteKind("Azurite over TLS", true, "--inMemoryPersistence",
		"--oauth", "basic")}
	azuriteDisk = shared{kind: azuriteKind("Azurite on disk", false, "--location", "data")}
)

var (
	//go:embed azurite/package.json
	azuriteManifest []byte
	//go:embed azurite/package-lock.json
	azuriteLock []byte
)

// azuriteAccount is the account of every instance; its key is another one each time.
const azuriteAccount = "testenv"

func azuriteKind(name string, tls bool, args ...string) kind {
	return kind{
		name: name,
		program: program.NPM{Package: "azurite", Version: "3.37.0", Command: "azurite-blob",
			Manifest: azuriteManifest, Lock: azuriteLock},
		tls:     tls,
		ready:   "/" + azuriteAccount + "?comp=list",
		status:  http.StatusForbidden, // unsigned
		command: func(l launch) ([]string, []string, error) { return azuriteCommand(l, args) },
		create:  createAzureContainer,
	}
}

// azuriteCommand skips the check of the protocol's version: the SDK's is newer than this Azurite.
func azuriteCommand(l launch, more []string) (args, env []string, err error) {
	host, port, err := net.SplitHostPort(l.addr)
	if err != nil {
		return nil, nil, err
	}
	args = []string{"--blobHost", host, "--blobPort", port, "--skipApiVersionCheck",
		"--disableTelemetry", "--silent"}
	if l.certFile != "" {
		args = append(args, "--cert", l.certFile, "--key", l.keyFile)
	}
	preload := filepath.Join(l.dir, "preload.js")
	if err := os.WriteFile(preload, []byte(azuritePreload), 0o600); err != nil {
		return nil, nil, err
	}
	key := base64.StdEncoding.EncodeToString([]byte(l.secretKey))
	return append(args, more...), []string{"AZURITE_ACCOUNTS=" + l.accessKey + ":" + key,
		"NODE_OPTIONS=--require=" + preload}, nil
}

// azuritePreload runs before Azurite and changes two things that no option reaches.
//
// Azurite ends connections of five idle seconds, whatever --blobKeepAliveTimeout says. To a client
// that reads slowly its connection is not idle, and the next request on it breaks.
//
// Every ten minutes it collects what no blob refers to. It looks for each such extent in a list of
// all, and answers nobody meanwhile: for minutes after a hundred thousand writes. In memory it
// also takes an extent whose blob is about to refer to it.
const azuritePreload = `for (const m of [require("http"), require("https")]) {
  const create = m.createServer;
  m.createServer = (...args) => Object.assign(create(...args), { keepAliveTimeout: 0 });
}
const Module = require("module");
const load = Module._load;
Module._load = function (name, ...args) {
  const loaded = load.call(this, name, ...args);
  if (name.endsWith("/BlobGCManager")) loaded.default.prototype.markSweep = async () => {};
  return loaded;
};
`

// createAzureContainer is a bare request, as createS3Bucket is.
func createAzureContainer(ctx context.Context, s *Server, name string) error {
	path := "/" + s.AccessKey + "/" + name
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, s.Endpoint+path+
		"?restype=container", nil)
	if err != nil {
		return err
	}
	const version = "2025-11-05"
	date := time.Now().UTC().Format(http.TimeFormat)
	req.Header.Set("X-Ms-Date", date)
	req.Header.Set("X-Ms-Version", version)
	// https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key: the method,
	// eleven headers that are not here, those of Azure, and the resource with the account in front,
	// although it is in the path already.
	toSign := "PUT" + strings.Repeat("\n", 12) + "x-ms-date:" + date + "\nx-ms-version:" + version +
		"\n/" + s.AccessKey + path + "\nrestype:container"
	mac := hmac.New(sha256.New, []byte(s.SecretKey))
	io.WriteString(mac, toSign) // never fails
	req.Header.Set("Authorization", "SharedKey "+s.AccessKey+":"+
		base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	resp, err := s.Client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("%s: %s", resp.Status, answer)
	}
	return nil
}
