//go:build tools

package tools

import _ "github.com/cloudflare/cfssl/cmd/cfssl"
