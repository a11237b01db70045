// Docker Compose's reader: a JSON array of documents in, an array of objects out.
package main

import (
	"encoding/json"
	"os"
	"strings"

	"github.com/compose-spec/compose-go/v2/dotenv"
)

func main() {
	var documents []string
	if err := json.NewDecoder(os.Stdin).Decode(&documents); err != nil {
		panic(err)
	}
	answers := make([]map[string]string, len(documents))
	for at, text := range documents {
		if values, err := dotenv.Parse(strings.NewReader(text)); err == nil {
			answers[at] = values
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		panic(err)
	}
}
