package hostile

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/polystore/storage"
	"github.com/polystore/storage/internal/stub"
)

// SelfSigned checks that a certificate that nobody vouches for is refused before anything is sent,
// by the provider's own client.
func (p *Provider) SelfSigned(t *testing.T) {
	p.refused(t, stub.NewTLS(t, func(http.ResponseWriter, *stub.Request) {}), Calls())
}

// Certificates checks that the provider's own client refuses a certificate of another host, and one
// that is not valid any more or not yet, all by an authority that the machine trusts. From then on
// the process trusts this authority and no other. A sound one by it is the control.
func (p *Provider) Certificates(t *testing.T) {
	t.Setenv("GODEBUG", "x509usefallbackroots=1")
	ca := trusted()
	answer := func(w http.ResponseWriter, _ *stub.Request) { w.WriteHeader(http.StatusNotFound) }
	now := time.Now()
	// One of each kind: SelfSigned tries all.
	calls := slices.DeleteFunc(Calls(), func(c Call) bool {
		return !slices.Contains([]string{"Stat", "ReadAll", "ListPage", "WriteAll", "Copy",
			"DeleteMany", "CleanUploads"}, c.Name)
	})
	for name, c := range map[string]x509.Certificate{
		"another host": {
			DNSNames: []string{"other.test"}, NotBefore: now.Add(-time.Hour),
			NotAfter: now.Add(time.Hour),
		},
		"another address": {
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 2)}, NotBefore: now.Add(-time.Hour),
			NotAfter: now.Add(time.Hour),
		},
		"expired": {
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: now.Add(-2 * time.Hour),
			NotAfter: now.Add(-time.Hour),
		},
		"not yet valid": {
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: now.Add(time.Hour),
			NotAfter: now.Add(2 * time.Hour),
		},
	} {
		t.Run(name, func(t *testing.T) {
			p.refused(t, stub.NewTLSAs(t, ca.issue(&c), answer), calls)
		})
	}
	t.Run("sound", func(t *testing.T) {
		at := stub.NewTLSAs(t, ca.issue(&x509.Certificate{
			IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: now.Add(-time.Hour),
			NotAfter: now.Add(time.Hour),
		}), answer)
		_, err := p.bucket(t, at.URL, nil).Stat(t.Context(), key, nil)
		if !errors.Is(err, storage.ErrNotExist) || len(at.Seen()) == 0 {
			t.Errorf("Stat: %v", err)
		}
	})
}

// refused checks that no call sends anything to a server.
func (p *Provider) refused(t *testing.T, at *stub.Server, calls []Call) {
	b := p.bucket(t, at.URL, nil)
	for _, call := range calls {
		err := call.Do(t.Context(), b, t.TempDir())
		if err == nil && call.Name != "SignURL" {
			t.Errorf("%s: no error", call.Name)
		}
	}
	if n := len(at.Seen()); n > 0 {
		t.Errorf("%d requests to a server that nobody vouches for", n)
	}
}

// authority issues certificates.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// trusted is the authority of the process.
var trusted = sync.OnceValue(func() *authority {
	a := &authority{
		certificate: &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, IsCA: true,
			BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
			NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		},
		key: newKey(),
	}
	made := a.issue(a.certificate)
	certificate, err := x509.ParseCertificate(made.Certificate[0])
	if err != nil {
		panic(err)
	}
	a.certificate, a.key = certificate, made.PrivateKey.(*ecdsa.PrivateKey)
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	x509.SetFallbackRoots(roots)
	return a
})

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

// issue makes a certificate like c by the authority. That of the authority is by itself.
func (a *authority) issue(c *x509.Certificate) tls.Certificate {
	key := newKey()
	if c == a.certificate {
		key = a.key
	} else {
		c.SerialNumber = big.NewInt(2)
	}
	der, err := x509.CreateCertificate(rand.Reader, c, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		panic(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
