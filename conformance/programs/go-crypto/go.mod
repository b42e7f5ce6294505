module conformance/go-crypto

go 1.26
