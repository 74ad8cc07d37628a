package azure

import (
	"cmp"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"

	"github.com/polystore/storage/driver"
	"github.com/polystore/storage/driver/httpdriver"
)

// Options are the options of New. The zero value is the account and the credentials of the
// environment.
type Options struct {
	// Account is the name of the storage account, not its host. The default is that of the
	// connection string or of Endpoint, then AZURE_STORAGE_ACCOUNT.
	Account string

	// At most one of these five may be set. Key is the key of the account in base64. SASToken is a
	// shared access signature. ConnectionString has the account, the endpoint and a key or a
	// signature; it may be UseDevelopmentStorage=true. Credential is of package azidentity or of
	// another one. If none is set, AZURE_STORAGE_KEY, AZURE_STORAGE_SAS_TOKEN and
	// AZURE_STORAGE_CONNECTION_STRING are asked, in that order, then the default chain of Entra ID:
	// environment, workload identity, managed identity, command line tools.
	//
	// Credentials that the environment has for its own account, the one of AZURE_STORAGE_ACCOUNT or
	// of the connection string, are never used for another account.
	Key              string
	SASToken         string
	ConnectionString string
	Credential       azcore.TokenCredential `json:"-"`
	Anonymous        bool                   // requests are not signed

	// Endpoint is the URL of the blob service if it is not https://account.blob.core.windows.net:
	// "http://127.0.0.1:10000/devstoreaccount1". It excludes the next four fields.
	Endpoint string

	// Domain is the domain of the blob service. The default is AZURE_STORAGE_DOMAIN, or
	// blob.core.windows.net if that is not set.
	Domain string

	// Protocol is http or https. The default is AZURE_STORAGE_PROTOCOL, or https if that is not
	// set. For a local emulator the default is http.
	Protocol string

	// CDN declares that Domain is a whole host name, without the account in front. The environment
	// variable AZURE_STORAGE_IS_CDN does the same.
	CDN bool

	// LocalEmulator selects Azurite on this machine, with the account in the path. The environment
	// variable AZURE_STORAGE_IS_LOCAL_EMULATOR does the same.
	LocalEmulator bool

	// APIVersion is the version of the protocol for services that refuse the SDK's version as too
	// new: "2025-11-05". Signatures have this version, too. With APIVersion, Entra ID cannot sign,
	// and a key can sign from version 2020-12-06 on. Copies go through the program.
	APIVersion string

	// HTTPClient sends the requests. Redirects are never followed. The default is a client of the
	// Store, tuned for transfers.
	HTTPClient *http.Client `json:"-"`
}

// The environment variables that the tools of Azure and other libraries know.
const (
	envAccount    = "AZURE_STORAGE_ACCOUNT"
	envKey        = "AZURE_STORAGE_KEY"
	envSAS        = "AZURE_STORAGE_SAS_TOKEN"
	envConnection = "AZURE_STORAGE_CONNECTION_STRING"
	envDomain     = "AZURE_STORAGE_DOMAIN"
	envProtocol   = "AZURE_STORAGE_PROTOCOL"
	envCDN        = "AZURE_STORAGE_IS_CDN"
	envEmulator   = "AZURE_STORAGE_IS_LOCAL_EMULATOR"
)

// ways counts the ways to sign that are given.
func (o *Options) ways() int {
	n := 0
	for _, given := range [...]bool{
		o.Key != "", o.SASToken != "", o.ConnectionString != "", o.Credential != nil, o.Anonymous,
	} {
		if given {
			n++
		}
	}
	return n
}

// check refuses what cannot be meant.
func (o *Options) check() error {
	switch {
	case o.ways() > 1:
		return driver.Invalidf(
			"Key, SASToken, ConnectionString, Credential and Anonymous exclude each other",
		)
	case o.Endpoint != "" && (o.Domain != "" || o.Protocol != "" || o.CDN || o.LocalEmulator):
		return driver.Invalidf("Endpoint excludes Domain, Protocol, CDN and LocalEmulator")
	case o.ConnectionString != "" &&
		(o.Endpoint+o.Account+o.Domain+o.Protocol != "" || o.CDN || o.LocalEmulator):
		return driver.Invalidf("ConnectionString says itself what the account and its endpoint are")
	case o.CDN && o.LocalEmulator:
		return driver.Invalidf("CDN and LocalEmulator exclude each other")
	case strings.ContainsAny(o.Domain, "/?#@"):
		return driver.Invalidf("Domain %q is not a host name", shown(o.Domain))
	}
	if err := checkProtocol(o.Protocol); err != nil {
		return err
	}
	if _, err := time.Parse(time.DateOnly, o.APIVersion); err != nil && o.APIVersion != "" {
		return driver.Invalidf("APIVersion %q is not a date", shown(o.APIVersion))
	}
	return checkAccount(o.Account)
}

func checkProtocol(protocol string) error {
	switch protocol {
	case "", "http", "https":
		return nil
	}
	return driver.Invalidf("Protocol %q is not http or https", shown(protocol))
}

// trim takes away what files and environments add around a secret.
func (o *Options) trim() (err error) {
	if o.Key, err = httpdriver.TrimSecret("Key ("+envKey+")", o.Key); err != nil {
		return err
	}
	o.SASToken, err = httpdriver.TrimSecret("SASToken ("+envSAS+")", o.SASToken)
	return err
}

// fromEnvironment fills what the caller left open.
func (o *Options) fromEnvironment() error {
	if o.ConnectionString != "" {
		return nil
	}
	if o.Endpoint == "" {
		setDefault(&o.Domain, os.Getenv(envDomain))
		setDefault(&o.Protocol, os.Getenv(envProtocol))
		for _, v := range [...]struct {
			name string
			flag *bool
		}{{envCDN, &o.CDN}, {envEmulator, &o.LocalEmulator}} {
			if text := os.Getenv(v.name); text != "" {
				on, err := strconv.ParseBool(text)
				if err != nil {
					return driver.Invalidf("%s is not true or false", v.name)
				}
				*v.flag = *v.flag || on
			}
		}
	}
	if o.ways() == 0 {
		account, own := cmp.Or(o.Account, accountOf(o.Endpoint)), os.Getenv(envAccount)
		same := account == "" || own == "" || account == own
		key, sas, connection := os.Getenv(envKey), os.Getenv(envSAS), os.Getenv(envConnection)
		switch {
		case key != "":
			if same {
				o.Key = key
			}
		case sas != "":
			if same {
				o.SASToken = sas
			}
		case connection != "" && o.Endpoint == "" && o.Domain == "" && !o.LocalEmulator:
			c := Options{ConnectionString: connection}
			if err := c.takeConnection(); err != nil {
				return err
			}
			if account == "" || account == cmp.Or(c.Account, accountOf(c.Endpoint)) {
				o.ConnectionString, o.Account, o.Protocol, o.CDN = connection, "", "", false
				return nil
			}
		}
	}
	if o.Endpoint == "" {
		setDefault(&o.Account, os.Getenv(envAccount))
	}
	return nil
}

// shown is what an error says of v: nothing behind a question mark, where a shared access signature
// begins.
func shown(v string) string {
	v, _, _ = strings.Cut(v, "?")
	return v
}

func setDefault(v *string, to string) {
	if *v == "" {
		*v = to
	}
}

// checkAccount refuses what is not the name of an account; it may be empty.
func checkAccount(account string) error {
	switch {
	case strings.ContainsAny(account, "./:@"):
		return driver.Invalidf(
			"Account %q is a host or a URL: it is the name alone, as in "+
				"https://NAME.blob.core.windows.net",
			shown(account),
		)
	case strings.ContainsFunc(account, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-'
	}):
		return driver.Invalidf(
			"Account %q is not a name of lower-case letters and digits", shown(account),
		)
	}
	return nil
}

// checkContainer refuses names that no container has:
// https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata#container-names.
func checkContainer(name string) error {
	switch name {
	case "":
		return driver.Invalidf("no container")
	case "$root", "$web", "$logs", "$blobchangefeed":
		return nil
	}
	bad := len(name) < 3 || len(name) > 63 || strings.Contains(name, "--") ||
		strings.HasPrefix(name, "-") || strings.HasSuffix(name, "-")
	if bad || strings.ContainsFunc(
		name, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' },
	) {
		return driver.Invalidf(
			"container %q is not 3 to 63 lower-case letters, digits and single hyphens",
			shown(name),
		)
	}
	return nil
}
