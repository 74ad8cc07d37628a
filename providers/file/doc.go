// Package file keeps a bucket in a directory of a local file system, for programs that need no
// service: tests, tools, and production on one machine. It holds the whole contract of package
// storage: atomic and durable writes, conditions, multipart, ordered lists, for any number of
// processes on the directory at once, killed at any moment.
//
//	b, err := storage.Open(ctx, "file:///var/lib/app/data?create_dir=true")
//
//	store, err := file.New("/var/lib/app/data", &file.Options{CreateDir: true})
//	b := storage.New(store, nil)
//
// # URLs
//
// The whole path of file:///directory is the directory; it is absolute, and the host is empty or
// localhost. create_dir=true makes the directory. prefix= is as everywhere.
//
// # Files
//
// The object a/b.txt is the file a/b.txt, which other programs can read, and write: what they write
// is an object without attributes and checksums, whose ETag is made of inode, size and both
// times (of the bytes and, where the system tells it, of the last change of any kind), and lasts
// until the next change. Files that are written in place while they are read make the read
// end with ErrChanged.
//
// Names that end in a dot are the driver's own (on Windows, which drops such dots, in a dollar
// sign):
//
//	a        the object a
//	a/...    the object a where a is a directory
//	a./b     the object a/b where a is a file
//	tmp./    whatever has a name with two dots at its end:
//	  <random>..             a file that is being written
//	  lock../00 to ff        the locks; a key's is found by a hash
//	  attr../<key's hash>/   attributes that the file system did not take
//	  upload../<id>../       a multipart upload
//
// So a and a/b live together, and come and go in any order. An object that exists never moves:
// where it goes is decided when it is created, and whoever looks for it looks at the plain place
// first and then at the other. Between two looks it can only have been deleted, so nobody misses an
// object that is there. A directory without objects is not seen in lists, and the driver removes
// those that a Delete leaves empty.
//
// Files that are no objects are left alone: links, pipes and devices, and names that are no
// segments of a key. A link is not followed, not even inside the directory; an object that is put
// where one stands replaces it. Everything happens through an [os.Root], so no key, no link and no
// race leads outside.
//
// # Keys
//
// A segment of a key is the name of a file, unchanged: not empty, not ending in a dot, at most 254
// bytes, without a zero byte, and on Windows without what Windows takes in no name (\ : * ? " < >
// |, con, nul, …). Other keys, those with a slash at an end among them, are ErrInvalidKey, before
// any system call. Every portable key works, with one limit that no encoding within 255 bytes could
// lift: where the file system folds case (macOS, Windows), a key that differs from another, or from
// its directory, in case only is ErrInvalidKey for writing and ErrNotExist for reading; never the
// other's object. To know the spelling the driver reads the directory there, so large directories
// are slow on such systems. The same holds where the file system takes a composed and a decomposed
// letter for one. New finds this out by trying, in the driver's own directory, which inherits the
// property from the bucket's (ext4's casefold); single directories below that fold case are not
// noticed. A file system that drops dots at the end of names (FAT) is ErrInvalid.
//
// # Writes
//
// A write goes to a temporary file, which gets its attributes, is synced, and is renamed; then its
// directory, and the ones above it where they may be new, are synced. A write that returned nil has
// survived a power failure, as far as the disk keeps its word on sync. The same holds for answers
// that others build on: ErrExist, ErrPrecondition, and the nil of a Delete that found nothing. The
// writer of what they are about may have been killed before its sync, so the driver syncs the
// directory before it answers, unless it knows that the names are on disk. Callers at the same time
// share one sync, and DeleteMany syncs each directory once per batch. Reads and lists do not sync:
// they may show what a power failure takes back, except for the read that follows a write of the
// same Store whose sync failed. Some file systems (SMB, some of FUSE) refuse to sync a directory
// with EINVAL or EOPNOTSUPP. New tries it, and where it is refused these errors are ignored: what
// survives a power failure is up to such a file system. All other errors are reported. Parts of an
// upload are written at their offsets in one temporary file, in any order and at once, so every
// byte is written once. Uploads stay until they are completed, aborted or removed by
// Bucket.CleanUploads; New removes the temporary files of processes that are no more, when they are
// older than a minute, and looks through up to 256 sidecars for those that belong to no object.
//
// All writers of a key take one lock, between goroutines and between processes, for the moment of
// looking and renaming; it is a lock of the operating system, and ends with its process. There are
// 256 for all keys. Readers take none: an open file does not change when another takes its place.
// Processes of different users need a umask that lets them write each other's files, the locks
// among them. Use a local file system, or one whose flock works between all that mount it.
//
// New files and directories have the permissions of Options.FileMode and DirMode, else 0666 and
// 0777 less the umask. An object that is overwritten keeps its permissions, and its owner and group
// where the process may set them. A file that is being written, and a sidecar, is never open to
// more than its object.
//
// A full disk is an error whose cause is ENOSPC, with no Kind; it leaves the old object, and
// nothing else. A read-only file system is ErrPermission; too many open files, and whatever else
// passes, ErrUnavailable; another program's directory or file in the way of a key ErrInvalidKey; a
// directory that was removed while it was open ErrNoBucket.
//
// # Attributes
//
// Headers, metadata, tags, checksums and the ETag, 128 random bits, are one extended attribute,
// user.polystore, of the file, so they travel with the rename. Those of a plain object take at most
// 60 bytes, which ext4 keeps beside the inode. What the file system does not take
// (ext4 about 4,000 bytes; some file systems, and Windows, none) goes to a sidecar, whose name is
// made of key, size and time of the file: it cannot be paired with other bytes. Copying a file with
// its extended attributes and times (cp -a, rsync -aX, tar --xattrs) copies the object.
//
// The time that a file was modified is chosen by the driver, in nanoseconds, and noted with the
// attributes: where it or the size differs, another program wrote the file. On file systems with
// coarse times (FAT: two seconds; ext4 with inodes of 128 bytes: one) a foreign write of the same
// size within that time goes unnoticed, and ModTime can be two seconds late.
//
// A CRC-32C is computed while writing and kept, as is every checksum that the caller gave; they are
// verified before the rename. SignURL, VersionID and StorageClass are errors.ErrUnsupported.
//
// # Lists
//
// A list is in byte order of the keys, not of file names, and descends only where it has to. A
// directory's names are read for each page unless nothing has changed in it since the page before;
// the names of at most 65,536 are held at once. A page token is the last entry of its page: it
// never expires. A file that may not be read is in the list all the same. A directory that may not
// be read is an error at the end of the list, ErrPermission with its path, since nobody knows what
// is missing; everything else comes before it. lost+found at the root of a volume, and what other
// systems have in its place, is skipped.
//
// On Linux, a directory of up to some 400,000 short names is read by one system call, and read
// again where a signal cut the call short or, on Btrfs, where the directory has changed since it
// was opened, so that a list misses nothing that is being replaced. In larger ones, and on other
// systems, that is up to the file system: ext4 and XFS keep the place of a file that is replaced;
// tmpfs and Btrfs do not.
package file
