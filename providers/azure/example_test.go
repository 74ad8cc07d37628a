package azure_test

import (
	"context"
	"fmt"
	"log"

	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"github.com/polystore/storage"
	"github.com/polystore/storage/providers/azure"
)

// A Bucket by the options of this package, for what a URL cannot say. storage.Open(ctx,
// "az://my-container?storage_account=myaccount") is the short way.
func ExampleNew() {
	ctx := context.Background()
	identity, err := azidentity.NewManagedIdentityCredential(nil)
	if err != nil {
		log.Fatal(err)
	}
	store, err := azure.New(ctx, "my-container", &azure.Options{Account: "myaccount",
		Credential: identity})
	if err != nil {
		log.Fatal(err)
	}
	b := storage.New(store, nil)
	defer b.Close()

	obj, err := b.Stat(ctx, "reports/2026.csv", nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(obj.ETag)
}
