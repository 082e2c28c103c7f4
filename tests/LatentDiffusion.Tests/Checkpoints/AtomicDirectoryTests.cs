using LatentDiffusion.Checkpoints.Files;
using LatentDiffusion.Errors;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Checkpoints;

public sealed class AtomicDirectoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Appears_whole_under_its_final_name()
    {
        AtomicDirectory.Create(
            _folder["runs/step-1/"],
            d =>
            {
                File.WriteAllText(Path.Combine(d, "a"), "1");
                Directory.CreateDirectory(Path.Combine(d, "sub"));
                AtomicFile.Write(Path.Combine(d, "sub", "b"), s => s.Write("2"u8));
                Assert.False(Path.Exists(_folder["runs/step-1"]));
            }
        );
        Assert.Equal("1", File.ReadAllText(_folder["runs/step-1/a"]));
        Assert.Equal("2", File.ReadAllText(_folder["runs/step-1/sub/b"]));
        Assert.Equal([_folder["runs/step-1"]], Directory.GetFileSystemEntries(_folder["runs"]));
    }

    [Fact]
    public void A_failure_leaves_nothing()
    {
        Assert.Throws<InvalidDataException>(() =>
            AtomicDirectory.Create(
                _folder["d"],
                d =>
                {
                    File.WriteAllText(Path.Combine(d, "a"), "1");
                    throw new InvalidDataException();
                }
            )
        );
        Assert.Empty(_folder.Entries());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_exists_is_not_touched(bool before)
    {
        void Occupy() => File.WriteAllText(_folder["d"], "mine");
        if (before)
        {
            Occupy();
        }

        var e = Assert.Throws<UserInputException>(() => AtomicDirectory.Create(_folder["d"], _ => Occupy()));
        Assert.Contains($"{_folder["d"]} exists already", e.Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(_folder["d"]));
        Assert.Equal(["d"], _folder.Entries());
    }

    [Fact]
    public void A_full_disk_is_told_by_name()
    {
        // Number 28 is the system's "no space left on device".
        var full = new IOException("no space") { HResult = 28 };
        var e = Assert.Throws<IOException>(() => AtomicDirectory.Create(_folder["d"], _ => throw full));
        Assert.Contains($"The disk is full: {_folder["d"]}", e.Message, StringComparison.Ordinal);
        Assert.Empty(_folder.Entries());
    }

    [Fact]
    public void Clean_up_removes_what_dead_processes_left_and_nothing_else()
    {
        Directory.CreateDirectory(_folder[".tmp-dead"]);
        File.WriteAllText(_folder[".tmp-dead/a"], "1");
        File.WriteAllText(_folder[".tmp-dead.lock"], "");
        Directory.CreateDirectory(_folder[".tmp-unlocked"]);
        File.WriteAllText(_folder[".tmp-file"], "1");
        File.WriteAllText(_folder["model"], "1");
        Directory.CreateDirectory(_folder["step-1"]);

        Assert.Equal(3, AtomicDirectory.CleanUp(_folder.Root));
        Assert.Equal(["model", "step-1"], _folder.Entries());
        Assert.Equal(0, AtomicDirectory.CleanUp(_folder.Root));
        Assert.Equal(0, AtomicDirectory.CleanUp(_folder["none"]));
    }

    [Fact]
    public void Clean_up_leaves_what_is_being_written()
    {
        AtomicDirectory.Create(
            _folder["d"],
            d =>
            {
                File.WriteAllText(Path.Combine(d, "a"), "1");
                AtomicFile.Write(_folder["f"], _ => Assert.Equal(0, AtomicDirectory.CleanUp(_folder.Root)));
            }
        );
        Assert.Equal(["d", "f"], _folder.Entries());
    }
}
