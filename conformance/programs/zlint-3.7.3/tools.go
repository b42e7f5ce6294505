//go:build tools

package tools

import _ "github.com/zmap/zlint/v3/cmd/zlint"
