package azure

import (
	"net"
	"net/url"
	"strings"

	"github.com/polystore/storage/driver"
)

// What Azurite, and every emulator before it, has for an account:
// https://learn.microsoft.com/azure/storage/common/storage-connect-azurite#http-connection-strings.
const (
	emulatorAccount = "devstoreaccount1"
	emulatorKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/" +
		"K1SZFPTOtr/KBHBeksoGMGw=="
	emulatorDomain = "127.0.0.1:10000"
	defaultDomain  = "blob.core.windows.net"
)

// service finds the URL of the blob service and the name of the account, and takes a connection
// string apart.
func (o *Options) service() (*url.URL, error) {
	switch {
	case o.ConnectionString != "":
		if err := o.takeConnection(); err != nil {
			return nil, err
		}
	case o.LocalEmulator || o.Endpoint == "" && local(o.Domain):
		o.LocalEmulator = true
		setDefault(&o.Domain, emulatorDomain)
		setDefault(&o.Protocol, "http")
		setDefault(&o.Account, emulatorAccount)
		if o.Account == emulatorAccount && o.ways() == 0 {
			o.Key = emulatorKey
		}
	}
	setDefault(&o.Protocol, "https")
	switch {
	case o.Endpoint != "":
	case o.Domain != "" && o.CDN:
		o.Endpoint = o.Protocol + "://" + o.Domain
	case o.Account == "":
		return nil, driver.Invalidf(
			"no storage account: set Account, storage_account= or %s", envAccount,
		)
	case o.LocalEmulator:
		o.Endpoint = o.Protocol + "://" + o.Domain + "/" + o.Account
	default:
		setDefault(&o.Domain, defaultDomain)
		o.Endpoint = o.Protocol + "://" + o.Account + "." + o.Domain
	}
	u, err := url.Parse(o.Endpoint)
	switch {
	case err != nil: // which would repeat what it was given
		return nil, driver.Invalidf("Endpoint is not a URL")
	case u.User != nil || u.RawQuery != "":
		return nil, driver.Invalidf("credentials in Endpoint: use Key or SASToken")
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "", u.Fragment != "":
		return nil, driver.Invalidf("Endpoint is not http(s)://host[:port][/path]")
	}
	u.Path = strings.TrimSuffix(u.Path, "/")
	setDefault(&o.Account, accountOf(o.Endpoint))
	return u, nil
}

// accountOf is the account that the URL of a blob service names: in its path, as emulators have it,
// else in the host's first label, which may be that of the account's copy in its second region;
// empty where there is none.
func accountOf(endpoint string) string {
	u, err := url.Parse(endpoint)
	if err != nil {
		return ""
	}
	if name, _, _ := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/"); name != "" {
		return name
	}
	if name, _, ok := strings.Cut(u.Host, "."); ok && !local(u.Host) {
		return strings.TrimSuffix(name, "-secondary")
	}
	return ""
}

// local reports whether host is one of this machine or an address: no account can stand in front of
// it.
func local(host string) bool {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || net.ParseIP(
		strings.Trim(host, "[]"),
	) != nil
}

// takeConnection puts what the connection string says into the other fields:
// https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string.
//
// The SDK's own parser does not know UseDevelopmentStorage.
func (o *Options) takeConnection() error {
	values := make(map[string]string)
	for pair := range strings.SplitSeq(o.ConnectionString, ";") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return driver.Invalidf("ConnectionString is not name=value;name=value")
		}
		values[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
	}
	o.ConnectionString = ""
	if strings.EqualFold(values["usedevelopmentstorage"], "true") {
		o.Account, o.Key = emulatorAccount, emulatorKey
		o.Endpoint = "http://" + emulatorDomain + "/" + emulatorAccount
		if proxy := values["developmentstorageproxyuri"]; proxy != "" {
			o.Endpoint = strings.TrimSuffix(proxy, "/") + ":10000/" + emulatorAccount
		}
		return nil
	}
	o.Account, o.Key = values["accountname"], values["accountkey"]
	o.SASToken = values["sharedaccesssignature"]
	o.Endpoint, o.Protocol = values["blobendpoint"], values["defaultendpointsprotocol"]
	if suffix := values["endpointsuffix"]; suffix != "" {
		o.Domain = "blob." + suffix
	}
	switch {
	case o.Account == "" && o.Endpoint == "":
		return driver.Invalidf("ConnectionString has neither AccountName nor BlobEndpoint")
	case o.Key == "" && o.SASToken == "":
		return driver.Invalidf("ConnectionString has neither AccountKey nor SharedAccessSignature")
	case o.Key != "":
		o.SASToken = ""
	}
	return checkAccount(o.Account)
}
