// Opens a signed checkpoint with the libraries of torchwood and transparency-dev: none of their
// commands checks cosignatures on another log's checkpoint.
//
//	opennote policy FILE NOTE          torchwood: note, origin, quorum of a policy file
//	opennote proof FILE PROOF ENTRY    torchwood: the same, and the entry's place (C2SP tlog-proof)
//	opennote cosigned NOTE VKEY...     transparency-dev/formats: every key has signed or cosigned
//
// Exits 0 and prints what was found, or 1 with the reason.
package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"strings"

	"filippo.io/torchwood"
	f_note "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	if len(os.Args) < 4 {
		fail("usage: opennote policy FILE NOTE | opennote proof FILE PROOF ENTRY | opennote cosigned NOTE VKEY...")
	}
	switch os.Args[1] {
	case "policy":
		policy(os.Args[2], os.Args[3])
	case "proof":
		if len(os.Args) != 5 {
			fail("usage: opennote proof FILE PROOF ENTRY")
		}
		proof(os.Args[2], os.Args[3], os.Args[4])
	case "cosigned":
		cosigned(os.Args[2], os.Args[3:])
	default:
		fail("unknown command " + os.Args[1])
	}
}

func policy(file, path string) {
	p, err := torchwood.ParsePolicy(read(file))
	check(err)
	n, err := note.Open(read(path), p)
	check(err)
	c, err := torchwood.ParseCheckpoint(n.Text)
	check(err)
	check(p.Check(c.Origin, n.Sigs))
	fmt.Printf("%s %d\n", c.Origin, c.N)
}

func proof(file, path, entry string) {
	p, err := torchwood.ParsePolicy(read(file))
	check(err)
	check(torchwood.VerifyProof(p, tlog.RecordHash(read(entry)), read(path)))
	fmt.Println(path)
}

func cosigned(path string, vkeys []string) {
	for _, vkey := range vkeys {
		v, err := verifier(vkey)
		check(err)
		n, err := note.Open(read(path), note.VerifierList(v))
		check(err)
		fmt.Printf("%s %08x\n", n.Sigs[0].Name, n.Sigs[0].Hash)
	}
}

// verifier: a key of type 01 signs the text itself, those of 04 and 06 cosign.
func verifier(vkey string) (note.Verifier, error) {
	if parts := strings.SplitN(vkey, "+", 3); len(parts) == 3 {
		key, err := base64.StdEncoding.DecodeString(parts[2])
		if err == nil && len(key) > 0 && key[0] == 1 {
			return note.NewVerifier(vkey)
		}
	}
	return f_note.NewVerifierForCosignatureV1(vkey)
}

func read(path string) []byte {
	bytes, err := os.ReadFile(path)
	check(err)
	return bytes
}

func check(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(reason string) {
	fmt.Fprintln(os.Stderr, reason)
	os.Exit(1)
}
