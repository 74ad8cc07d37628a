// Package gcsfake is Google Cloud Storage in the memory of a test: its JSON API and the parts of
// its XML API that a storage driver uses, written from Google's public reference and strict where
// that says how a request is refused. Every file names the pages it was written from, below
// https://cloud.google.com/storage/docs/.
//
// The rules that other fakes leave out are the reason for this one:
//
//   - Generations grow with every write to the server and never come back, not even for an object
//     that was deleted and made anew; a change of metadata keeps the generation and adds one to the
//     metageneration (metadata#generation-number).
//   - Preconditions hold on every method, against the object and the sources of a copy alike
//     (request-preconditions).
//   - A write is checked completely (length, CRC32C, MD5, conditions) before anything of it becomes
//     visible, and becomes visible at once (consistency). A committed object never changes: a
//     reader that has begun goes on with the bytes it began with.
//   - Resumable sessions persist multiples of 256 KiB, say how far they are, and remember how they
//     ended (resumable-uploads).
//   - Signatures are verified, bodies are transcoded, errors are in the dialect of the API that was
//     called.
//
// Access control lists, encryption keys, retention, lifecycle, soft delete, notifications,
// hierarchical namespaces, moves and the batch endpoint are not there: their methods are answered
// 404 (405 in the XML API) as unknown, and their parameters, headers and fields, like any that no
// page knows, 501. Nothing is ignored but what only the service writes, and what says who pays and
// who asks.
package gcsfake
