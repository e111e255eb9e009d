// A TLS server of Go's standard library, for tls-targets.test.ts: server ADDRESS CERT KEY MIN MAX CURVES CLIENTS
package main

import (
	"crypto/tls"
	"fmt"
	"os"
	"strconv"
	"strings"
)

func number(text string) uint16 {
	value, err := strconv.ParseUint(text, 0, 16)
	if err != nil {
		panic(err)
	}
	return uint16(value)
}

func main() {
	pair, err := tls.LoadX509KeyPair(os.Args[2], os.Args[3])
	if err != nil {
		panic(err)
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{pair},
		NextProtos:   []string{"h2", "http/1.1"},
		MinVersion:   number(os.Args[4]),
		MaxVersion:   number(os.Args[5]),
	}
	for _, curve := range strings.Split(os.Args[6], ",") {
		if curve != "" {
			config.CurvePreferences = append(config.CurvePreferences, tls.CurveID(number(curve)))
		}
	}
	if os.Args[7] == "clients" {
		config.ClientAuth = tls.RequireAnyClientCert
	}
	listener, err := tls.Listen("tcp", os.Args[1], config)
	if err != nil {
		panic(err)
	}
	fmt.Println("port", listener.Addr().String())
	for {
		connection, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		go func() {
			defer connection.Close()
			_ = connection.(*tls.Conn).Handshake()
		}()
	}
}
