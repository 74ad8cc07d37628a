// Package file keeps a bucket in a directory of a local file system, for programs that need no
// service: tests, tools, and production on one machine. It keeps the whole contract of package
// storage: atomic and durable writes, conditions, multipart uploads and ordered lists. Any number
// of processes may use the directory at once, and may be killed at any moment.
//
//	b, err := storage.Open(ctx, "file:///var/lib/app/data?create_dir=true")
//
//	store, err := file.New("/var/lib/app/data", &file.Options{CreateDir: true})
//	b := storage.New(store, nil)
//
// # URLs
//
// The whole path of file:///directory is the directory. It is absolute, and the host is empty or
// localhost. create_dir=true makes the directory. prefix= works as with every provider.
//
// # Files
//
// The object a/b.txt is the file a/b.txt, which other programs can read and write. A file that
// another program wrote is an object without attributes and checksums. Its ETag is made of the
// inode, the size, the time of the bytes and, if the system has it, the time of the last change of
// any kind. That ETag lasts until the next change. If a file is written in place during a read, the
// read ends with ErrChanged.
//
// Names that end in a dot are the driver's own. On Windows, which drops such dots, these names end
// in a dollar sign:
//
//	a        the object a
//	a/...    the object a where a is a directory
//	a./b     the object a/b where a is a file
//	a./b./c  the object a/b/c where a is a file, or a/b is
//	tmp./    whatever has a name with two dots at its end:
//	  <random>..             a file that is being written
//	  lock../00 to ff        the locks; a key's is found by a hash
//	  attr../<key's hash>/   attributes that the file system did not take
//	  upload../<id>../       a multipart upload
//
// So a and a/b can both exist, and can be written and deleted in any order. On the way to an object
// either all directories have the names of the segments, or all have the dot as well, so an object
// has one of two places. One that exists never moves: its place is chosen when it is created. A
// read looks at the plain place first and then at the other. Between the two looks the object can
// only have been deleted, so a read never misses an object that exists. Lists do not show a
// directory without objects, and the driver removes directories that a Delete leaves empty.
//
// Files that are not objects are left alone: links, pipes and devices, and names that are not
// segments of a key. A link is not followed, not even inside the directory. An object that is put
// in the place of a link replaces it; in that of a pipe, a socket or a device it is ErrInvalidKey.
// All access goes through openat2 with RESOLVE_BENEATH, where the kernel has it (Linux 5.6), and
// through an [os.Root] otherwise. So no key, no link and no race leads outside the directory. An
// os.Root takes the right to read every directory of a key; openat2 takes the right to search it.
//
// # Keys
//
// A segment of a key is the name of a file, unchanged. It is not empty, does not end in a dot, has
// at most 254 bytes and no zero byte, and on Windows has nothing that Windows refuses in a name
// (\ : * ? " < > |, con, nul, …). Other keys are ErrInvalidKey before any system call, which
// includes keys that begin or end with a slash.
//
// Every portable key works, with one limit that no encoding within 255 bytes could lift. It holds
// if the file system folds case (macOS, Windows) and a key differs from another one, or from its
// directory, only in case. Such a key is ErrInvalidKey for writing and ErrNotExist for reading; a
// read never returns the other object. The driver reads the directory to learn the spelling, so
// large directories are slow on such systems. The same holds if the file system treats composed and
// decomposed letters as equal. If the file system keeps names in another form than they are given
// (HFS+ decomposes letters), a key with such a name is ErrInvalidKey for writing. New tests for
// this in the driver's own directory, which inherits the property from the bucket's (ext4's
// casefold). Single directories further down that fold case are not noticed. A file system that
// drops dots at the end of names (FAT) is ErrInvalid.
//
// # Writes
//
// A write goes to a temporary file, which gets its attributes, is synced and is renamed. Then its
// directory is synced, and so are the directories above it if they may be new. A write that
// returned nil survives a power failure, provided that the disk honours sync. The same holds for
// other answers that callers rely on: ErrExist, ErrPrecondition, and nil from a Delete that found
// nothing. The process that made the change behind such an answer may have been killed before its
// sync. The driver therefore syncs the directory before it answers, unless it knows that the names
// are on disk. Concurrent callers share one sync, and DeleteMany syncs each directory once per
// batch.
//
// Reads and lists do not sync. They may show changes that a power failure undoes, except for the
// read that follows a write of the same Store whose sync failed. Some file systems (SMB, some of
// FUSE) refuse to sync a directory with EINVAL or EOPNOTSUPP. New tries it, and these errors are
// ignored if it is refused. What survives a power failure then depends on the file system. All
// other errors are reported.
//
// Parts of an upload are written at their offsets in one temporary file, in any order and
// concurrently, so every byte is written once. Uploads stay until they are completed, aborted or
// removed by Bucket.CleanUploads. New removes temporary files that are older than a minute if their
// process has ended. It also looks through up to 256 sidecars for those that belong to no object.
// Empty directories that a killed process left are removed by the next writer of the key, or by
// the next New.
//
// What a call costs grows in proportion to the number of segments in its key. With openat2, Get and
// Stat make the same number of calls at every depth, whether the object is there or not.
//
// All writers of a key take one lock while they check and rename, and not while they sync. The lock
// works between goroutines and between processes. It is a lock of the operating system, and ends
// with its process. All keys share 256 locks. Readers take none, because an open file does not
// change when another replaces it. Processes of different users need a umask that lets them write
// each other's files, including the locks. Use a local file system, or one whose flock works
// between all that mount it.
//
// New files and directories have the permissions of Options.FileMode and DirMode, or else 0666 and
// 0777 less the umask. An object that is overwritten keeps its permissions. It keeps its owner and
// group if the process may set them. A temporary file or a sidecar is never more accessible than
// its object.
//
// The error for a full disk has ENOSPC as its cause and no Kind. It leaves the old object, and
// nothing else. A read-only file system is ErrPermission. Too many open files and other temporary
// conditions are ErrUnavailable. Another program's directory or file in the way of a key is
// ErrInvalidKey. A directory that was removed while it was open is ErrNoBucket.
//
// # Attributes
//
// Headers, metadata, tags, checksums and the ETag (128 random bits) are stored in one extended
// attribute of the file, user.polystore, so a rename moves them, too. Those of a plain object take
// at most 60 bytes, which ext4 keeps beside the inode. Attributes that the file system does not
// take go to a sidecar: ext4 takes about 4,000 bytes, and Windows and some file systems take none.
// The name of a sidecar is made of the key, the size and the time of the file, so it cannot be
// paired with other bytes. Copying a file with its extended attributes and times (cp -a, rsync -aX,
// tar --xattrs) copies the object.
//
// The driver sets the modification time of a file, in nanoseconds, and stores it with the
// attributes. If the time or the size differs, another program wrote the file. On file systems with
// coarse times (FAT: two seconds; ext4 with inodes of 128 bytes: one), a foreign write of the same
// size within that time is not noticed, and ModTime can be two seconds late.
//
// A CRC-32C is computed during the write and kept, as is every checksum that the caller gave. Given
// checksums are verified before the rename.
//
// SignURL, VersionID and StorageClass are errors.ErrUnsupported.
//
// # Lists
//
// A list is in the byte order of the keys, not of the file names, and descends only if it has to.
// The names of a directory are read for the first page and kept for those that follow, so a page
// costs what it has. A change that was made before a page was asked for is in it. The driver knows
// of a change by the time of the directory. It then reads the directory again. On Linux (ext4, XFS,
// Btrfs, tmpfs) the kernel also tells, by inotify, which names have come to a large directory
// (32 KiB), and these are added to those that are kept. So pages cost the same while others write.
//
// The names of all directories together take at most 64 MiB between pages. A name takes its length
// and 7 bytes, so 1,000,000 names of 20 bytes take 27 MB. A page holds as much for each directory
// on its way, and twice that while it reads one. A directory with more names is read again for each
// 64 MiB. When a list has come to the end of a large directory, its names are forgotten. One more
// file is open while a directory is watched.
//
// A page token is the last entry of its page, and never expires. A file that may not be read is
// still listed. A directory that may not be read makes the list end with ErrPermission and the
// path, after everything else, because its entries are missing. lost+found at the root of a volume
// is skipped, and so are its equivalents on other systems.
//
// On Linux, one system call reads a directory of up to about 400,000 short names. The driver reads
// the directory again if a signal cut the call short or, on Btrfs, if the directory has changed
// since it was opened. So a list does not miss an object that is being replaced. In larger
// directories, and on other systems, this depends on the file system: ext4 and XFS keep the place
// of a file that is replaced; tmpfs and Btrfs do not.
package file
