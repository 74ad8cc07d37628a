package defects

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/polystore/storage/internal/testenv"
)

func TestMain(m *testing.M) { testenv.Main(m) }

// A probe asks a server for what Amazon S3 does, in an empty bucket. It returns what it saw, and
// whether that is the defect; an error is for what hindered it.
type probe func(ctx context.Context, b bucket) (shown bool, saw string, err error)

// bucket is a bucket and the bare SDK's client for it.
type bucket struct {
	*s3.Client
	name    *string
	patient bool // a race that is declared may take its time to be lost
}

var servers = map[string]func(testing.TB) *testenv.Server{MinIO: testenv.MinIO,
	VersityGW: testenv.VersityGW, Moto: testenv.Moto, Ceph: testenv.Ceph,
	MiniStack: testenv.MiniStack, Garage: testenv.Garage}

// probes has one for each name.
var probes = map[string]probe{
	DeleteIfMatchIgnored:        deleteIfMatchIgnored,
	DeleteIfMatchMissing:        deleteIfMatchMissing,
	CopyIfNoneMatchIgnored:      copyIfNoneMatchIgnored,
	CopyIfMatchIgnored:          copyIfMatchIgnored,
	UploadsByPrefix:             uploadsByPrefix,
	ChildNotListed:              childNotListed,
	ObjectBesidePrefixRefused:   objectBesidePrefixRefused,
	EncryptionIgnored:           encryptionIgnored,
	StorageClassIgnored:         storageClassIgnored,
	IfNoneMatchOverDeleteMarker: ifNoneMatchOverDeleteMarker,
	NewlineRefused:              newlineRefused,
	ContentMD5Ignored:           contentMD5Ignored,

	IfMatchQuotedRefused:    ifMatchQuotedRefused,
	VersionedIfNoneMatch:    versionedIfNoneMatch,
	VersionedIfMatchRefused: versionedIfMatchRefused,
	CompleteIfNoneMatch:     completeIfNoneMatch,
	CompleteIfMatch:         completeIfMatch,
	CopySourceIfMatch:       copySourceIfMatch,
	PartSourceIfMatch:       partSourceIfMatch,
	PartSourceDecodedTwice:  partSourceDecodedTwice,
	CopyReplaceKeepsHeaders: copyReplaceKeepsHeaders,
	UnderscoreAltered:       underscoreAltered,
	CompleteWithoutETag:     completeWithoutETag,
	CompleteGoneBusy:        completeGoneBusy,
	CompleteTwice:           completeTwice,
	UploadsEncodedUnsaid:    uploadsEncodedUnsaid,
	UploadsPlainUnsaid:      uploadsPlainUnsaid,
	ListPlainUnsaid:         listPlainUnsaid,
	UploadsInOtherOrder:     uploadsInOtherOrder,
	SignatureIgnored:        signatureIgnored,
	VersionRangeIgnored:     versionRangeIgnored,
	PutEndsUploads:          putEndsUploads,
	IfNoneMatchIgnored:      ifNoneMatchIgnored,
	IfMatchIgnored:          ifMatchIgnored,
	VersionTold:             versionTold,
	PrefixBehindStart:       prefixBehindStart,
	RangeBeforeCondition:    rangeBeforeCondition,
	EmptyBeforeCondition:    emptyBeforeCondition,
	ETagOfAnotherVersion:    etagOfAnotherVersion,
	HeadOfTwoVersions:       headOfTwoVersions,
	DeleteAndPutOnOneETag:   deleteAndPutOnOneETag,
}

// judge runs the probe of a declared defect: one that does not show it is an error.
func judge(ctx context.Context, d Defect, p probe, b bucket) (saw string, err error) {
	shown, saw, err := p(ctx, b)
	if err != nil {
		return saw, fmt.Errorf("%s: %s: the probe failed: %w", d.Server, d.Name, err)
	}
	if !shown {
		return saw, fmt.Errorf("%s: %s: no longer shown: remove the declaration (saw: %s)",
			d.Server, d.Name, saw)
	}
	return saw, nil
}

func TestDefects(t *testing.T) {
	for _, d := range All {
		t.Run(d.Server+"/"+d.Name, func(t *testing.T) {
			p, ok := probes[d.Name]
			if !ok {
				t.Fatal("declared without a probe")
			}
			b := newBucket(t, d.Server)
			b.patient = true
			saw, err := judge(t.Context(), d, p, b)
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s (%s)", d.Reason, saw)
		})
	}
}

// TestNotDeclared runs each probe on the servers that are not said to have the defect. It shows
// that the probe can tell, and that the declarations are complete.
func TestNotDeclared(t *testing.T) {
	declared := make(map[Defect]bool)
	for _, d := range All {
		declared[Defect{Name: d.Name, Server: d.Server}] = true
	}
	for name, p := range probes {
		for server := range servers {
			if declared[Defect{Name: name, Server: server}] || unlocked(name, server) {
				continue
			}
			t.Run(server+"/"+name, func(t *testing.T) {
				shown, saw, err := p(t.Context(), newBucket(t, server))
				if errors.Is(err, errNotApplicable) &&
					(server == Garage ||
						declared[Defect{Name: ObjectBesidePrefixRefused, Server: server}]) {
					return // that defect of the server is in the way, or Garage's lack of versions
				}
				if err != nil {
					t.Fatal(err)
				}
				if shown {
					t.Errorf("not declared, and shown: %s", saw)
				}
			})
		}
	}
}

// unlocked reports whether the probe is one of a race and the server an emulator without locks. It
// loses such a race in one run and not in the next, so that neither can be declared.
func unlocked(probe, server string) bool {
	return server == Moto && slices.Contains([]string{
		DeleteAndPutOnOneETag, ETagOfAnotherVersion, HeadOfTwoVersions,
	}, probe)
}

// TestDeclarations checks the data itself, which needs no server.
func TestDeclarations(t *testing.T) {
	used := make(map[string]bool)
	twice := make(map[Defect]bool)
	for _, d := range All {
		if d.Reason == "" || servers[d.Server] == nil {
			t.Errorf("%+v has no reason, or no such server", d)
		}
		if id := (Defect{Name: d.Name, Server: d.Server}); twice[id] {
			t.Errorf("%+v is declared twice", id)
		} else {
			twice[id] = true
		}
		used[d.Name] = true
	}
	for name := range probes {
		if !used[name] {
			t.Errorf("probe %q has no declaration", name)
		}
	}
}

func TestJudge(t *testing.T) {
	d := Defect{Name: "N", Server: "S"}
	broken := errors.New("broken")
	for _, test := range []struct {
		name  string
		shown bool
		err   error
		want  string
	}{
		{"shown", true, nil, ""},
		{"gone", false, nil, "S: N: no longer shown: remove the declaration"},
		{"probe broken", true, broken, "S: N: the probe failed: broken"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := func(context.Context, bucket) (bool, string, error) {
				return test.shown, "",
					test.err
			}
			_, err := judge(t.Context(), d, p, bucket{})
			if (err == nil) != (test.want == "") ||
				err != nil && !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("judge = %v, want %q", err, test.want)
			}
		})
	}
}

func newBucket(t *testing.T, server string) bucket {
	s := servers[server](t)
	client := s3.New(s3.Options{
		BaseEndpoint: aws.String(s.Endpoint),
		Region:       s.Region,
		UsePathStyle: true,
		Credentials:  credentials.NewStaticCredentialsProvider(s.AccessKey, s.SecretKey, ""),
		HTTPClient:   s.Client,
		Retryer:      aws.NopRetryer{},
	})
	return bucket{Client: client, name: aws.String(s.NewBucket(t))}
}
