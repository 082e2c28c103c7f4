using System.IO.Compression;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Torch;
using LatentDiffusion.Errors;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Checkpoints.Torch;

/// <summary>Damaged and hostile archives and streams around a pickle.</summary>
public sealed class TorchFileContainerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Compressed_entries_are_refused_before_they_are_unpacked()
    {
        var bomb = TorchSamples.ZipOf([("a/data.pkl", new byte[50_000_000])], CompressionLevel.Fastest);
        Assert.True(bomb.Length < 1_000_000);
        Refused(bomb, "'a/data.pkl' is compressed");
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("/etc/passwd")]
    [InlineData("a/../../b")]
    [InlineData("a/./b")]
    [InlineData("a//b")]
    [InlineData("..\\evil")]
    [InlineData("C:/evil")]
    public void Names_that_lead_out_of_a_folder_are_refused(string name) =>
        Refused(TorchSamples.ZipOf([("a/data.pkl", TorchSamples.SmallPickle()), (name, [1])]), "unsafe name");

    [Fact]
    public void Archives_that_are_none_of_torch_save_are_refused()
    {
        Refused(TorchSamples.ZipOf([("readme.txt", [1])]), "has 0 files data.pkl");
        Refused(TorchSamples.ZipOf([("a/data.pkl", [1]), ("b/data.pkl", [1])]), "has 2 files data.pkl");
        Refused(TorchSamples.ZipOf([("a/data.pkl", [1]), ("a/data.pkl", [1])]), "twice");
        Refused(TorchSamples.Zip(TorchSamples.SmallPickle()), "'archive/data/0' is missing");
        Refused(
            TorchSamples.Zip(
                TorchSamples.SmallPickle(),
                ("data/0", TorchSamples.Floats(6)),
                ("byteorder", TorchSamples.Ascii("middle"))
            ),
            "byte order is 'middle'"
        );
        Refused(new PickleWriter().Op('}').Stop(), "not one of torch.save");
    }

    [Fact]
    public void A_folder_of_any_name_and_entries_for_folders_are_accepted()
    {
        var bytes = TorchSamples.ZipOf([
            ("my..model 1.0/", []),
            ("my..model 1.0/data.pkl", TorchSamples.SmallPickle()),
            ("my..model 1.0/data/0", TorchSamples.Floats(6)),
        ]);
        using var file = TorchSamples.Open(_folder, bytes);
        Assert.Equal(["a", "b"], file.Tensors.Keys);
    }

    /// <summary>The pickle's place and size in the table of contents, changed one by one.</summary>
    [Theory]
    [InlineData(20)]
    [InlineData(24)]
    [InlineData(42)]
    public void Entries_must_lie_within_the_file(int field)
    {
        var bytes = TorchSamples.Zip(TorchSamples.SmallPickle(), ("data/0", TorchSamples.Floats(6)));
        var entry = bytes.AsSpan().IndexOf("PK\x01\x02"u8);
        foreach (var number in new[] { 0xfffffff0, 0xffffffff, (uint)bytes.Length })
        {
            var changed = bytes.ToArray();
            BitConverter.TryWriteBytes(changed.AsSpan(entry + field), number);
            if (field != 42)
            {
                BitConverter.TryWriteBytes(changed.AsSpan(entry + 20), number);
                BitConverter.TryWriteBytes(changed.AsSpan(entry + 24), number);
            }

            Refused(changed, "");
        }
    }

    [Fact]
    public void A_file_that_was_cut_short_is_refused_wherever_the_cut_is()
    {
        byte[][] files =
        [
            TorchSamples.Zip(TorchSamples.SmallPickle(), ("data/0", TorchSamples.Floats(6))),
            TorchSamples.Stream(TorchSamples.SmallPickle(), ("0", TorchSamples.Floats(6))),
        ];
        foreach (var bytes in files)
        {
            for (var length = 0; length < bytes.Length; length++)
            {
                Refused(bytes[..length], "");
            }
        }
    }

    [Fact]
    public void The_storages_of_a_stream_must_be_those_of_its_tensors()
    {
        var pickle = TorchSamples.SmallPickle();
        var floats = TorchSamples.Floats(6);
        Refused(TorchSamples.Stream(pickle), "1 of 1 storages are missing");
        Refused(TorchSamples.Stream(pickle, ("0", floats), ("0", floats)), "names one twice");
        Refused(TorchSamples.Stream(pickle, ("0", floats), ("1", floats)), "one that no tensor has");
        Refused(TorchSamples.Stream(pickle, ("0", TorchSamples.Floats(5))), "5 elements where its tensors expect 6");
        var two = new PickleWriter()
            .Op('}')
            .Op('(')
            .Text("a")
            .Tensor("0", 6, [6], [1])
            .Text("b")
            .Tensor("0", 6, [6], [1], type: "IntStorage")
            .Op('u')
            .Stop();
        Refused(TorchSamples.Stream(two, ("0", floats)), "described in two ways");
        var huge = new PickleWriter().Op('}').Text("a").Tensor("0", 1L << 60, [1], [1]).Op('s').Stop();
        Refused(TorchSamples.Stream(huge, ("0", floats)), "larger than the file");
    }

    [Fact]
    public void Random_damage_never_gives_anything_but_a_refusal()
    {
        const int Rounds = 3000;
        byte[][] files =
        [
            TorchSamples.Zip(TorchSamples.SmallPickle(), ("data/0", TorchSamples.Floats(6))),
            TorchSamples.Stream(TorchSamples.SmallPickle(), ("0", TorchSamples.Floats(6))),
            File.ReadAllBytes(Golden.PathOf("checkpoints/tricky_tensors.ckpt")),
        ];
        var random = new Random(17);
        var refused = 0;
        for (var round = 0; round < Rounds; round++)
        {
            var bytes = Damaged(files[round % files.Length], random);
            try
            {
                using var scope = torch.NewDisposeScope();
                using var file = TorchSamples.Open(_folder, bytes);
                foreach (var name in file.Tensors.Keys)
                {
                    file.Read(name);
                }
            }
            catch (UserInputException e)
            {
                Assert.DoesNotContain('\n', e.Message);
                refused++;
            }
        }

        Assert.InRange(refused, Rounds / 4, Rounds - 1);
    }

    private static byte[] Damaged(byte[] bytes, Random random)
    {
        var damaged = bytes.ToList();
        for (var changes = random.Next(1, 4); changes > 0; changes--)
        {
            var at = random.Next(damaged.Count);
            switch (random.Next(5))
            {
                case 0:
                    damaged[at] = (byte)random.Next(256);
                    break;
                case 1:
                    damaged[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 2:
                    damaged.RemoveAt(at);
                    break;
                case 3:
                    damaged.Insert(at, damaged[random.Next(damaged.Count)]);
                    break;
                default:
                    damaged.RemoveRange(at, Math.Min(random.Next(16), damaged.Count - at));
                    break;
            }
        }

        return [.. damaged];
    }

    private void Refused(byte[] bytes, string why)
    {
        var path = _folder["damaged.pth"];
        File.WriteAllBytes(path, bytes);
        var refusal = Assert.Throws<CheckpointFormatException>(() => TorchFile.Open(path).Dispose());
        Assert.Contains(why, refusal.Message);
        Assert.DoesNotContain('\n', refusal.Message);
    }
}
