// Command record stands between clients and a server and keeps what the clients send: one
// file a connection, the bytes from the startup packet on. The .bin files beside it were made with
//
//	go run server/testdata/traffic/record.go -listen 127.0.0.1:6543 -to 127.0.0.1:5432 -out DIR
//
// and are the seeds of FuzzConn. README.md lists them.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"path/filepath"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:6543", "where clients connect")
	to := flag.String("to", "127.0.0.1:5432", "the server")
	out := flag.String("out", ".", "folder of the recordings")
	flag.Parse()
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		log.Fatal(err)
	}
	for n := 0; ; n++ {
		client, err := l.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go func() {
			if err := record(client, *to, filepath.Join(*out, fmt.Sprintf("%03d.bin", n))); err != nil {
				log.Print(err)
			}
		}()
	}
}

// record passes one conversation on and writes the client's side to a file.
func record(client net.Conn, to, file string) error {
	defer client.Close()
	server, err := net.Dial("tcp", to)
	if err != nil {
		return err
	}
	defer server.Close()
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	go io.Copy(client, server)
	_, err = io.Copy(io.MultiWriter(server, f), client)
	return err
}
