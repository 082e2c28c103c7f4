using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Errors;
using LatentDiffusion.Tests.Checkpoints.Torch;
using LatentDiffusion.Tests.Support;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Checkpoints;

/// <summary>Damaged files of every format are read or refused; never a crash, never more memory than a bound.</summary>
public sealed class WeightsFileFuzzTests : IDisposable
{
    private const string CountVariable = "LDM_FUZZ_MUTATIONS";
    private const string SeedVariable = "LDM_FUZZ_SEED";
    private const int UsualCount = 5000;
    private const long MostManaged = 16 << 20;
    private const long MostTensor = 256 << 20;

    // Larger claims are checked, but not read, to keep the test quick.
    private const long MostRead = 64 << 10;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Mutations_of_valid_files_are_read_or_refused()
    {
        var count = Number(CountVariable, UsualCount);
        var random = new Random(Number(SeedVariable, 1));
        var samples = Samples();
        var refused = 0;
        for (var i = 0; i < count; i++)
        {
            var sample = samples[i % samples.Length];
            var mutation = Mutate(sample, samples[random.Next(samples.Length)], random);
            var path = _folder["mutation"];
            File.WriteAllBytes(path, mutation);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                ReadAll(path);
            }
            catch (UserInputException e)
            {
                refused++;
                Assert.DoesNotContain('\n', e.Message);
            }
            catch (Exception e) when (e is not Xunit.Sdk.IAssertionException)
            {
                File.Copy(path, Path.Combine(Path.GetTempPath(), $"ldm-fuzz-{i}.bin"), overwrite: true);
                throw new InvalidOperationException($"mutation {i} (kept as ldm-fuzz-{i}.bin) fails: {e.Message}", e);
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostManaged);
        }

        // Otherwise the mutations do not reach what they should.
        Assert.InRange(refused, count / 10, count * 95 / 100);
    }

    private static void ReadAll(string path)
    {
        using var scope = torch.NewDisposeScope();
        using var file = WeightsFile.Open(path);
        foreach (var (name, shape) in file.Shapes)
        {
            var elements = shape.Aggregate(1.0, (product, size) => product * size);
            Assert.InRange(elements, 0, MostTensor);
            if (elements <= MostRead)
            {
                using var tensor = file.Read(name);
                Assert.Equal(shape, tensor.shape);
            }
        }
    }

    private byte[][] Samples()
    {
        using var scope = torch.NewDisposeScope();
        var safetensors = _folder["valid.safetensors"];
        SafetensorsWriter.Write(
            safetensors,
            new Dictionary<string, torch.Tensor>
            {
                ["a"] = torch.arange(6).reshape(2, 3),
                ["b.weight"] = torch.ones(4, 1),
                ["flag"] = torch.tensor(new[] { true, false }),
            },
            new Dictionary<string, string> { ["format"] = "pt" }
        );
        return
        [
            TorchSamples.Zip(
                TorchSamples.SmallPickle(),
                ("data/0", TorchSamples.Floats(6)),
                ("byteorder", "little"u8.ToArray())
            ),
            TorchSamples.Stream(TorchSamples.SmallPickle(), ("0", TorchSamples.Floats(6))),
            TarSamples.Small(),
            File.ReadAllBytes(safetensors),
            File.ReadAllBytes(Golden.PathOf("checkpoints/tricky_tensors.ckpt")),
            File.ReadAllBytes(Golden.PathOf("checkpoints/tricky_tensors.safetensors")),
        ];
    }

    private static byte[] Mutate(byte[] sample, byte[] other, Random random)
    {
        List<byte> bytes = [.. sample];
        for (var damages = random.Next(1, 4); damages > 0; damages--)
        {
            var at = random.Next(bytes.Count);
            var length = Math.Min(random.Next(1, 17), bytes.Count - at);
            switch (random.Next(8))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 2:
                    bytes[at] = new byte[] { 0, 1, 0x7f, 0x80, 0xff }[random.Next(5)];
                    break;
                case 3:
                    bytes.RemoveRange(at, length);
                    break;
                case 4:
                    bytes.InsertRange(at, bytes.GetRange(random.Next(bytes.Count - length + 1), length));
                    break;
                case 5:
                    for (var i = 0; i < length; i++)
                    {
                        bytes[at + i] = 0xff;
                    }

                    break;
                case 6:
                    var start = random.Next(other.Length);
                    bytes.InsertRange(at, other[start..Math.Min(start + length, other.Length)]);
                    break;
                default:
                    bytes.RemoveRange(at, random.Next(4) == 0 ? bytes.Count - at : 1);
                    break;
            }

            if (bytes.Count == 0)
            {
                break;
            }
        }

        return [.. bytes];
    }

    private static int Number(string variable, int usual) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), out var number) ? number : usual;
}
