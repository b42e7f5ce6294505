// What Go's crypto/x509 and crypto/tls, and so every component of Kubernetes, make of certificates. Reads one question
// a line from stdin, JSON, and answers each with a line: {} where nothing is refused, or else who refuses and why.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"time"
)

type question struct {
	// A path: DER, and what it is for.
	Anchors, Intermediates [][]byte
	Leaf                   []byte
	Purpose, Host          string
	At                     time.Time
	// A handshake, in PEM: what either side shows and what it trusts, as its files hold it.
	Server, Client *party
}

type party struct {
	Certificates, Key, Trust string
	// Of a server: whether it asks for no client certificate.
	IsOpen bool
}

type answer struct {
	// Why the path, or what the files hold, is refused.
	Refusal string `json:"refusal,omitempty"`
	// Who refuses in a handshake: "server" or "client".
	By string `json:"by,omitempty"`
}

var purposes = map[string]x509.ExtKeyUsage{
	"serverAuth":          x509.ExtKeyUsageServerAuth,
	"clientAuth":          x509.ExtKeyUsageClientAuth,
	"anyExtendedKeyUsage": x509.ExtKeyUsageAny,
}

func poolOf(certificates [][]byte) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	for _, der := range certificates {
		certificate, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		pool.AddCert(certificate)
	}
	return pool, nil
}

// What cannot be read is refused, also where no path needs it.
func verify(q question) error {
	anchors, err := poolOf(q.Anchors)
	if err != nil {
		return err
	}
	intermediates, err := poolOf(q.Intermediates)
	if err != nil {
		return err
	}
	leaf, err := x509.ParseCertificate(q.Leaf)
	if err != nil {
		return err
	}
	purpose, isKnown := purposes[q.Purpose]
	if !isKnown {
		return fmt.Errorf("there is no purpose %q", q.Purpose)
	}
	_, err = leaf.Verify(x509.VerifyOptions{
		Roots: anchors, Intermediates: intermediates, CurrentTime: q.At,
		KeyUsages: []x509.ExtKeyUsage{purpose}, DNSName: q.Host,
	})
	return err
}

// As the components do it: k8s.io/apiserver for servers, client-go for clients, which also look at their own files first.
func configOf(p party, at time.Time) (*tls.Config, error) {
	config := &tls.Config{Time: func() time.Time { return at }, MinVersion: tls.VersionTLS12}
	if p.Certificates != "" || p.Key != "" {
		pair, err := tls.X509KeyPair([]byte(p.Certificates), []byte(p.Key))
		if err != nil {
			return nil, err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	if p.Trust != "" {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM([]byte(p.Trust)) {
			return nil, errors.New("what is trusted has no certificate in it")
		}
		config.ClientCAs = config.RootCAs
	}
	return config, nil
}

func shake(q question) answer {
	server, err := configOf(*q.Server, q.At)
	if err != nil {
		return answer{By: "server", Refusal: err.Error()}
	}
	if !q.Server.IsOpen {
		server.ClientAuth = tls.RequireAndVerifyClientCert
	}
	client, err := configOf(*q.Client, q.At)
	if err != nil {
		return answer{By: "client", Refusal: err.Error()}
	}
	client.ServerName = q.Host
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return answer{By: "network", Refusal: err.Error()}
	}
	defer listener.Close()
	refusals := make(chan error, 1)
	go func() {
		connection, err := listener.Accept()
		if err == nil {
			defer connection.Close()
			err = tls.Server(connection, server).Handshake()
		}
		refusals <- err
	}()
	connection, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		return answer{By: "network", Refusal: err.Error()}
	}
	// In TLS 1.3 a client is done before it hears of a refusal: the server says what it made of it.
	ofClient := tls.Client(connection, client).Handshake()
	connection.Close()
	ofServer := <-refusals
	// Whoever refuses tells the other by an alert, which is no refusal of that one's own.
	var alert *net.OpError
	if ofClient != nil && !(errors.As(ofClient, &alert) && alert.Op == "remote error") {
		return answer{By: "client", Refusal: ofClient.Error()}
	}
	if ofServer != nil {
		return answer{By: "server", Refusal: ofServer.Error()}
	}
	return answer{}
}

func ask(line []byte) answer {
	var q question
	if err := json.Unmarshal(line, &q); err != nil {
		return answer{By: "question", Refusal: err.Error()}
	}
	if q.Server != nil && q.Client != nil {
		return shake(q)
	}
	if err := verify(q); err != nil {
		return answer{Refusal: err.Error()}
	}
	return answer{}
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "version" {
		fmt.Println(runtime.Version())
		return
	}
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	answers := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		if err := answers.Encode(ask(lines.Bytes())); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	if err := lines.Err(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
