using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Errors;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Checkpoints;

public sealed class AtomicFileTests : IDisposable
{
    private const string FullDevice = "/dev/full";

    private readonly TemporaryFolder _folder = new();

    public static bool HasFullDevice => File.Exists(FullDevice);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Creates_and_replaces()
    {
        AtomicFile.Write(_folder["f"], s => s.Write("long contents"u8));
        AtomicFile.Write(_folder["f"], s => s.Write("short"u8));
        Assert.Equal("short", File.ReadAllText(_folder["f"]));
        Assert.Equal(["f"], _folder.Entries());
    }

    [Fact]
    public void The_old_contents_stay_until_all_is_written()
    {
        File.WriteAllText(_folder["f"], "old");
        AtomicFile.Write(
            _folder["f"],
            s =>
            {
                s.Write(new byte[1_000_000]);
                Assert.Equal("old", File.ReadAllText(_folder["f"]));
            }
        );
        Assert.Equal(1_000_000, new FileInfo(_folder["f"]).Length);
    }

    [Fact]
    public void A_failure_leaves_the_original_and_nothing_else()
    {
        File.WriteAllText(_folder["f"], "old");
        Assert.Throws<InvalidDataException>(() =>
            AtomicFile.Write(
                _folder["f"],
                s =>
                {
                    s.Write("half"u8);
                    throw new InvalidDataException();
                }
            )
        );
        Assert.Equal("old", File.ReadAllText(_folder["f"]));
        Assert.Equal(["f"], _folder.Entries());
    }

    [Fact(SkipUnless = nameof(HasFullDevice), Skip = "This system has no /dev/full.")]
    public void A_full_disk_is_told_by_name_and_leaves_the_original()
    {
        File.WriteAllText(_folder["f"], "old");
        var e = Assert.Throws<IOException>(() =>
            AtomicFile.Write(
                _folder["f"],
                _ =>
                {
                    // The error of the system's own full device is the one a full disk gives.
                    using var full = new FileStream(FullDevice, FileMode.Open, FileAccess.Write, FileShare.None, 0);
                    full.Write("x"u8);
                }
            )
        );
        Assert.Contains("The disk is full", e.Message, StringComparison.Ordinal);
        Assert.Contains(_folder["f"], e.Message, StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(_folder["f"]));
        Assert.Equal(["f"], _folder.Entries());
    }

    [Fact]
    public void A_missing_folder_is_named()
    {
        var e = Assert.Throws<UserInputException>(() => AtomicFile.Write(_folder["no/f"], _ => { }));
        Assert.Contains($"the folder {_folder["no"]} does not exist", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_is_not_replaced()
    {
        Directory.CreateDirectory(_folder["d"]);
        Assert.Throws<UserInputException>(() => AtomicFile.Write(_folder["d"], _ => { }));
        Assert.Equal(["d"], _folder.Entries());
    }
}
