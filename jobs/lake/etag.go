package lake

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"

	"cloud.google.com/go/storage"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"
	azblobblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/container"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	s3types "github.com/aws/aws-sdk-go-v2/service/s3/types"
	"gocloud.dev/blob"
)

// generationPrefix marks the etag of a Google object, which is pinned by its generation.
const generationPrefix = "generation-"

// listedETag is what the store says identifies the content; listings of gocloud do not carry it themselves.
func listedETag(o *blob.ListObject) string {
	var s3Object s3types.Object
	if o.As(&s3Object) && s3Object.ETag != nil {
		return *s3Object.ETag
	}
	var gcs storage.ObjectAttrs
	if o.As(&gcs) && gcs.Generation != 0 {
		return generationPrefix + strconv.FormatInt(gcs.Generation, 10)
	}
	var azure container.BlobItem
	if o.As(&azure) && azure.Properties != nil && azure.Properties.ETag != nil {
		return string(*azure.Properties.ETag)
	}
	return fmt.Sprintf("%x-%x-%s", o.Size, o.ModTime.UnixNano(), hex.EncodeToString(o.MD5))
}

// requireETag makes a read fail with FailedPrecondition unless the object still has the listed etag. Stores without
// such a condition (mem://) are left to the comparison of size and time.
func requireETag(etag string) func(as func(any) bool) error {
	return func(as func(any) bool) error {
		var s3Input *s3.GetObjectInput
		if as(&s3Input) {
			s3Input.IfMatch = &etag
		}
		var azure *azblob.DownloadStreamOptions
		if as(&azure) {
			match := azcore.ETag(etag)
			azure.AccessConditions = &azblobblob.AccessConditions{
				ModifiedAccessConditions: &azblobblob.ModifiedAccessConditions{IfMatch: &match},
			}
		}
		return requireGeneration(etag, as)
	}
}

func requireGeneration(etag string, as func(any) bool) error {
	var handle **storage.ObjectHandle
	if !as(&handle) {
		return nil
	}
	generation, err := strconv.ParseInt(strings.TrimPrefix(etag, generationPrefix), 10, 64)
	if err != nil {
		return fmt.Errorf("etag %q names no generation: %w", etag, err)
	}
	*handle = (*handle).If(storage.Conditions{GenerationMatch: generation})
	return nil
}
