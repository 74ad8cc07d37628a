package defects

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blockblob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/sas"

	"github.com/polystore/storage/internal/testenv"
)

// azureContainer is an empty container, the bare SDK's client for it, and the server.
type azureContainer struct {
	*container.Client
	env *testenv.Server
}

// azureProbes has one for each name; what they return is as for a probe.
var azureProbes = map[string]func(ctx context.Context, c azureContainer) (shown bool, saw string,
	err error){
	RangeAtEnd:           rangeAtEnd,
	TierOfGet:            tierOfGet,
	TierOfCopyInferred:   tierOfCopyInferred,
	DelimiterCut:         delimiterCut,
	BlocksSurvivePut:     blocksSurvivePut,
	BlocksAreABlob:       blocksAreABlob,
	SourceUnsigned:       sourceUnsigned,
	NoVersions:           noVersions,
	PutFromURLMissing:    putFromURLMissing,
	SourceTokenIgnored:   sourceTokenIgnored,
	ContainerAgainAtOnce: containerAgainAtOnce,
}

func TestAzureDefects(t *testing.T) {
	declared := make(map[string]bool)
	for _, d := range AzureAll {
		t.Run(d.Server+"/"+d.Name, func(t *testing.T) {
			p, ok := azureProbes[d.Name]
			if !ok {
				t.Fatal("declared without a probe")
			}
			start := testenv.Azurite
			if d.Name == SourceTokenIgnored {
				start = testenv.AzuriteTLS // tokens go over TLS
			}
			c := newAzureContainer(t, start(t))
			saw, err := judge(t.Context(), d, func(ctx context.Context, _ bucket) (bool, string,
				error) {
				return p(ctx, c)
			}, bucket{})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%s (%s)", d.Reason, saw)
		})
		if declared[d.Name] || d.Reason == "" {
			t.Errorf("%+v is declared twice or has no reason", d)
		}
		declared[d.Name] = true
	}
	for name := range azureProbes {
		if !declared[name] {
			t.Errorf("probe %q has no declaration", name)
		}
	}
}

func azureOptions(env *testenv.Server) azcore.ClientOptions {
	return azcore.ClientOptions{Transport: env.Client, Retry: policy.RetryOptions{MaxRetries: -1}}
}

func newAzureContainer(t *testing.T, env *testenv.Server) azureContainer {
	t.Helper()
	credential, err := container.NewSharedKeyCredential(env.AccessKey, env.AzureKey())
	if err != nil {
		t.Fatal(err)
	}
	at := env.Endpoint + "/" + env.AccessKey + "/" + env.NewBucket(t)
	c, err := container.NewClientWithSharedKeyCredential(at, credential,
		&container.ClientOptions{ClientOptions: azureOptions(env)})
	if err != nil {
		t.Fatal(err)
	}
	return azureContainer{c, env}
}

func (c azureContainer) put(
	ctx context.Context, key, content string,
) (blockblob.UploadResponse, error) {
	return c.NewBlockBlobClient(key).Upload(ctx, streaming.NopCloser(strings.NewReader(content)),
		nil)
}

// azureStatus is the status of an answer that the SDK makes an error.
func azureStatus(err error) int {
	var re *azcore.ResponseError
	if errors.As(err, &re) {
		return re.StatusCode
	}
	return 0
}

func rangeAtEnd(ctx context.Context, c azureContainer) (bool, string, error) {
	if _, err := c.put(ctx, "k", "0123456789"); err != nil {
		return false, "", err
	}
	out, err := c.NewBlobClient("k").DownloadStream(ctx,
		&blob.DownloadStreamOptions{Range: blob.HTTPRange{Offset: 10}})
	if status := azureStatus(err); status != 0 {
		return false, fmt.Sprint(status), nil
	}
	if err != nil {
		return false, "", err
	}
	defer out.Body.Close()
	if out.ContentRange == nil {
		return false, "no Content-Range", nil
	}
	return *out.ContentRange == "bytes 10-9/10", *out.ContentRange, nil
}

func tierOfGet(ctx context.Context, c azureContainer) (bool, string, error) {
	_, err := c.NewBlockBlobClient("k").Upload(ctx, streaming.NopCloser(strings.NewReader("x")),
		&blockblob.UploadOptions{Tier: new(blob.AccessTierCool)})
	if err != nil {
		return false, "", err
	}
	head, err := c.NewBlobClient("k").GetProperties(ctx, nil)
	if err != nil {
		return false, "", err
	}
	if head.AccessTier == nil || *head.AccessTier != "Cool" {
		return false, "", errors.New("Get Blob Properties does not tell either")
	}
	out, err := c.NewBlobClient("k").DownloadStream(ctx, nil)
	if err != nil {
		return false, "", err
	}
	out.Body.Close()
	return out.AccessTier == nil, fmt.Sprintf("told: %t", out.AccessTier != nil), nil
}

// signedURL is the URL of a blob that anyone may read.
func (c azureContainer) signedURL(key string) (string, error) {
	return c.NewBlobClient(key).GetSASURL(sas.BlobPermissions{Read: true},
		time.Now().Add(time.Hour), nil)
}

func tierOfCopyInferred(ctx context.Context, c azureContainer) (bool, string, error) {
	if _, err := c.put(ctx, "src", "x"); err != nil {
		return false, "", err
	}
	src, err := c.signedURL("src")
	if err != nil {
		return false, "", err
	}
	if _, err := c.NewBlobClient("dst").CopyFromURL(ctx, src,
		&blob.CopyFromURLOptions{Tier: new(blob.AccessTierCool)}); err != nil {
		return false, "", err
	}
	head, err := c.NewBlobClient("dst").GetProperties(ctx, nil)
	if err != nil {
		return false, "", err
	}
	if head.AccessTier == nil || *head.AccessTier != "Cool" {
		return false, "", errors.New("the copy has another tier")
	}
	inferred := head.AccessTierInferred != nil && *head.AccessTierInferred
	return inferred, fmt.Sprintf("inferred: %t", inferred), nil
}

func delimiterCut(ctx context.Context, c azureContainer) (bool, string, error) {
	if _, err := c.put(ctx, "a--b", "x"); err != nil {
		return false, "", err
	}
	out, err := c.NewListBlobsHierarchyPager("--", nil).NextPage(ctx)
	if err != nil {
		return false, "", err
	}
	if len(out.Segment.BlobPrefixes) != 1 {
		return false, "", fmt.Errorf("%d prefixes", len(out.Segment.BlobPrefixes))
	}
	p := *out.Segment.BlobPrefixes[0].Name
	return p == "a-", fmt.Sprintf("%q", p), nil
}

func blocksSurvivePut(ctx context.Context, c azureContainer) (bool, string, error) {
	b, id := c.NewBlockBlobClient("k"), base64.StdEncoding.EncodeToString([]byte("block"))
	if _, err := b.StageBlock(ctx, id, streaming.NopCloser(strings.NewReader("x")),
		nil); err != nil {
		return false, "", err
	}
	if _, err := c.put(ctx, "k", "another's"); err != nil {
		return false, "", err
	}
	_, err := b.CommitBlockList(ctx, []string{id}, nil)
	if err != nil && azureStatus(err) == 0 {
		return false, "", err
	}
	return err == nil, fmt.Sprintf("committing the block: status %d", azureStatus(err)), nil
}

func blocksAreABlob(ctx context.Context, c azureContainer) (bool, string, error) {
	b, id := c.NewBlockBlobClient("k"), base64.StdEncoding.EncodeToString([]byte("block"))
	if _, err := b.StageBlock(ctx, id, streaming.NopCloser(strings.NewReader("x")),
		nil); err != nil {
		return false, "", err
	}
	_, err := b.GetProperties(ctx, nil)
	if azureStatus(err) != http.StatusNotFound {
		return false, "", fmt.Errorf("Get Blob Properties of blocks alone: %v", err)
	}
	_, err = b.Upload(ctx, streaming.NopCloser(strings.NewReader("x")), &blockblob.UploadOptions{
		AccessConditions: absent,
	})
	if err != nil && azureStatus(err) == 0 {
		return false, "", err
	}
	if _, e := c.put(ctx, "src", "x"); e != nil {
		return false, "", e
	}
	_, copied := b.CopyFromURL(ctx, c.NewBlobClient("src").URL(), &blob.CopyFromURLOptions{
		BlobAccessConditions: absent,
	})
	if copied != nil && azureStatus(copied) == 0 {
		return false, "", copied
	}
	const conflict = http.StatusConflict
	return azureStatus(err) == conflict && azureStatus(copied) == conflict,
		fmt.Sprintf("status %d, of a copy %d", azureStatus(err), azureStatus(copied)), nil
}

// absent is the condition of a write that is to create.
var absent = &blob.AccessConditions{ModifiedAccessConditions: &blob.ModifiedAccessConditions{
	IfNoneMatch: to.Ptr(azcore.ETagAny),
}}

func sourceUnsigned(ctx context.Context, c azureContainer) (bool, string, error) {
	if _, err := c.put(ctx, "src", "x"); err != nil {
		return false, "", err
	}
	_, err := c.NewBlobClient("dst").CopyFromURL(ctx, c.NewBlobClient("src").URL(), nil)
	if err != nil && azureStatus(err) == 0 {
		return false, "", err
	}
	return err == nil, fmt.Sprintf("status %d", azureStatus(err)), nil
}

func noVersions(ctx context.Context, c azureContainer) (bool, string, error) {
	out, err := c.put(ctx, "k", "x")
	if err != nil {
		return false, "", err
	}
	head, err := c.NewBlobClient("k").GetProperties(ctx, nil)
	if err != nil {
		return false, "", err
	}
	return out.VersionID == nil && head.VersionID == nil, fmt.Sprintf("told: %t, %t",
		out.VersionID != nil, head.VersionID != nil), nil
}

func putFromURLMissing(ctx context.Context, c azureContainer) (bool, string, error) {
	if _, err := c.put(ctx, "src", "x"); err != nil {
		return false, "", err
	}
	src, err := c.signedURL("src")
	if err != nil {
		return false, "", err
	}
	_, err = c.NewBlockBlobClient("dst").UploadBlobFromURL(ctx, src, nil)
	if err != nil && azureStatus(err) == 0 {
		return false, "", err
	}
	return azureStatus(err) == http.StatusNotImplemented, fmt.Sprintf("status %d",
		azureStatus(err)), nil
}

func sourceTokenIgnored(ctx context.Context, c azureContainer) (bool, string, error) {
	if _, err := c.put(ctx, "src", "x"); err != nil {
		return false, "", err
	}
	token, err := unsignedToken{}.GetToken(ctx, policy.TokenRequestOptions{})
	if err != nil {
		return false, "", err
	}
	id := base64.StdEncoding.EncodeToString([]byte("block"))
	_, err = c.NewBlockBlobClient("dst").StageBlockFromURL(ctx, id, c.NewBlobClient("src").URL(),
		&blockblob.StageBlockFromURLOptions{
			CopySourceAuthorization: new("Bearer " + token.Token),
		})
	if err != nil && azureStatus(err) == 0 {
		return false, "", err
	}
	return err != nil, fmt.Sprintf("status %d", azureStatus(err)), nil
}

// unsignedToken is what Azurite takes for a token of Entra ID.
type unsignedToken struct{}

func (unsignedToken) GetToken(
	context.Context, policy.TokenRequestOptions,
) (azcore.AccessToken, error) {
	now := time.Now()
	claims, err := json.Marshal(map[string]any{
		"aud": "https://storage.azure.com",
		"iss": "https://sts.windows.net/ab1f708d-50f6-404c-a006-d71b2ac7a606/",
		"nbf": now.Add(-time.Minute).Unix(), "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
		"oid": "oid", "tid": "tid",
	})
	if err != nil {
		return azcore.AccessToken{}, err
	}
	enc := base64.RawURLEncoding.EncodeToString
	return azcore.AccessToken{Token: enc([]byte(`{"alg":"none"}`)) + "." + enc(claims) + "." +
		enc([]byte("x")), ExpiresOn: now.Add(time.Hour)}, nil
}

func containerAgainAtOnce(ctx context.Context, c azureContainer) (bool, string, error) {
	if _, err := c.Delete(ctx, nil); err != nil {
		return false, "", err
	}
	_, err := c.Create(ctx, nil)
	if err != nil && azureStatus(err) == 0 {
		return false, "", err
	}
	return err == nil, fmt.Sprintf("status %d", azureStatus(err)), nil
}
