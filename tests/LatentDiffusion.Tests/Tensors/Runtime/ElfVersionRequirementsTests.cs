using System.Buffers.Binary;
using LatentDiffusion.Tensors.Runtime;
using Xunit;

namespace LatentDiffusion.Tests.Tensors.Runtime;

public sealed class ElfVersionRequirementsTests
{
    private const string Library = "libstdc++.so.6";
    private const string Version = "GLIBCXX_3.4.32";

    private static readonly (string, string[])[] Needs =
    [
        ("libm.so.6", ["GLIBC_2.29"]),
        (Library, ["GLIBCXX_3.4", "GLIBCXX_3.4.3", Version, "CXXABI_1.3"]),
        ("libc.so.6", ["GLIBC_2.2.5", Version]),
    ];

    [Fact]
    public void The_packaged_library_has_one_such_requirement_and_one_byte_changes()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "The packaged library is an ELF file on Linux only.");
        var original = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "libLibTorchSharp.so"));
        var image = original.ToArray();

        Assert.Equal(1, ElfVersionRequirements.MarkWeak(image, Library, Version));
        var changed = Enumerable.Range(0, image.Length).Where(i => image[i] != original[i]);
        var at = Assert.Single(changed);
        Assert.Equal((0, 2), (original[at], image[at]));
        Assert.Equal(0, ElfVersionRequirements.MarkWeak(image, Library, Version));
    }

    [Fact]
    public void Only_the_record_of_that_library_and_version_is_marked()
    {
        var original = SmallElf.Write(Needs);
        var image = original.ToArray();

        Assert.Equal(1, ElfVersionRequirements.MarkWeak(image, Library, Version));
        Assert.Single(Enumerable.Range(0, image.Length), i => image[i] != original[i]);
        Assert.Equal(0, ElfVersionRequirements.MarkWeak(image, Library, Version));
        Assert.Equal(1, ElfVersionRequirements.MarkWeak(image, "libc.so.6", Version));
        Assert.Equal(0, ElfVersionRequirements.MarkWeak(image, Library, "GLIBCXX_3.4.31"));
        Assert.Equal(0, ElfVersionRequirements.MarkWeak(image, "libstdc++.so", Version));
    }

    [Fact]
    public void Every_cut_is_refused()
    {
        var whole = SmallElf.Write(Needs);
        // The last section's fields that matter end 32 bytes before the file does.
        for (var length = 0; length < whole.Length - 32; length++)
        {
            var cut = whole[..length];
            Assert.Throws<InvalidDataException>(() => ElfVersionRequirements.MarkWeak(cut, Library, Version));
        }
    }

    [Fact]
    public void Damage_gives_a_count_or_the_one_exception()
    {
        var whole = SmallElf.Write(Needs);
        var random = new Random(1);
        var refused = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var image = whole.ToArray();
            for (var i = random.Next(1, 4); i > 0; i--)
            {
                // Beyond the magic number, where damage is found at once.
                image[random.Next(6, image.Length)] = (byte)random.Next(256);
            }

            try
            {
                Assert.InRange(ElfVersionRequirements.MarkWeak(image, Library, Version), 0, 8);
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 1_000, 19_000);
    }

    [Theory]
    [InlineData(0x2c, 0x80000000u)]
    [InlineData(0x28, 0xfffffff0u)]
    [InlineData(64 + 12, 0xfffffff0u)]
    [InlineData(96 + 8, 0x7fffffffu)]
    [InlineData(64 + 4, 0xffffffffu)]
    public void Offsets_that_leave_the_file_are_refused(int at, uint value)
    {
        var image = SmallElf.Write(Needs);
        BinaryPrimitives.WriteUInt32LittleEndian(image.AsSpan(at), value);

        Assert.Throws<InvalidDataException>(() => ElfVersionRequirements.MarkWeak(image, Library, Version));
    }

    [Fact]
    public void Records_that_repeat_without_end_are_refused()
    {
        var image = SmallElf.Write([(Library, ["GLIBCXX_3.4"])]);
        // 65535 records, each followed by itself.
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(64 + 2), ushort.MaxValue);

        Assert.Throws<InvalidDataException>(() => ElfVersionRequirements.MarkWeak(image, Library, Version));
    }
}
