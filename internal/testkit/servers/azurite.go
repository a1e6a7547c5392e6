package servers

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
)

// AzuriteVariable names the azurite-blob to start.
const AzuriteVariable = "WINDVANE_AZURITE"

// The account that every Azurite has, by its documentation.
const (
	azureAccount = "devstoreaccount1"
	azureKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)

// Azure starts Azurite. It fails the test if nothing names it: what was not run is not acceptance.
func Azure(t testing.TB) *Server {
	t.Helper()
	program := os.Getenv(AzuriteVariable)
	if program == "" {
		t.Fatalf("%s must name azurite-blob; make azurite installs it", AzuriteVariable)
	}
	port := freePort(t)
	address := fmt.Sprintf("127.0.0.1:%d", port)
	command := exec.Command(program, "--blobHost", "127.0.0.1", "--blobPort", fmt.Sprint(port), "--location", t.TempDir(),
		"--silent", "--skipApiVersionCheck", "--disableTelemetry")
	start(t, command, address)
	return &Server{
		Env: []string{"AZURE_STORAGE_ACCOUNT=" + azureAccount, "AZURE_STORAGE_KEY=" + azureKey},
		URL: func(t testing.TB, bucket string) string {
			t.Helper()
			credential, err := azblob.NewSharedKeyCredential(azureAccount, azureKey)
			if err != nil {
				t.Fatal(err)
			}
			client, err := azblob.NewClientWithSharedKeyCredential("http://"+address+"/"+azureAccount, credential, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := client.CreateContainer(context.Background(), bucket, nil); err != nil {
				t.Fatal(err)
			}
			// Not in the environment, which gocloud reads once in a process: another test has another server.
			return "azblob://" + bucket + "?protocol=http&localemu=true&domain=" + address
		},
	}
}
