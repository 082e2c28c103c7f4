using System.Buffers.Binary;
using System.Text;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Configuration;
using LatentDiffusion.Errors;
using LatentDiffusion.Models;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Tests.Support;
using LatentDiffusion.Tests.Training;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Networks;

public sealed class CodebookRemapFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("<i8", 1)]
    [InlineData("<i4", 1)]
    [InlineData("<i8", 2)]
    public void A_list_is_read_from_a_NumPy_file(string type, byte version)
    {
        Write(Array([3, 70_000, 0], type, version));

        Assert.Equal([3, 70_000, 0], CodebookRemap.Read(_folder["used.npy"]).Used);
    }

    [Theory]
    [InlineData("<f4", "(3,)", "type '<f4'")]
    [InlineData("<i8", "(3, 1)", "shape (3, 1)")]
    [InlineData("<i8", "()", "shape ()")]
    [InlineData("<i8", "(4,)", "24 bytes for 4 numbers")]
    [InlineData("<i8", "(99999999999,)", "24 bytes for 99999999999 numbers")]
    public void Any_other_array_is_refused(string type, string shape, string problem)
    {
        Write([.. Header(type, shape, version: 1), .. new byte[24]]);

        Refused(problem);
    }

    [Fact]
    public void A_cut_file_is_refused_wherever_it_is_cut()
    {
        var whole = Array([3, 1, 0], "<i8", version: 1);
        for (var length = 0; length < whole.Length; length++)
        {
            Write(whole[..length]);
            Refused("used.npy");
        }
    }

    [Fact]
    public void Numbers_that_are_no_indices_are_refused()
    {
        Write(Array([long.MaxValue], "<i8", version: 1));

        Refused("9223372036854775807");
    }

    [Fact]
    public void A_missing_file_is_named() => Refused("does not exist");

    [Fact]
    public void A_configuration_names_the_file_or_lists_the_codes()
    {
        Write(Array([3, 1], "<i4", version: 1));
        var named = Config() with { Remap = _folder["used.npy"] };
        var read = (VqConfig)named.WithFilesRead();

        Assert.Null(read.Remap);
        Assert.Equal([3, 1], read.UsedCodes!);
        foreach (var config in new[] { named, read })
        {
            using var autoencoder = (VqAutoencoder)config.Build();
            Assert.Equal([3, 1], autoencoder.Quantizer.Remap!.Used);
        }
    }

    [Fact]
    public void A_configuration_without_files_stays_as_it_is()
    {
        var config = Config();

        Assert.Equal(config, config.WithFilesRead());
    }

    [Fact]
    public void A_configuration_with_both_is_refused()
    {
        var yaml = ConfigWriter.ToYaml(Config() with { Remap = "used.npy", UsedCodes = [1] });

        var error = Assert.Throws<ConfigException>(() => ConfigDocument.Parse(yaml, "config").Bind<FirstStageConfig>());

        Assert.Contains("used_codes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_keeps_the_list_without_its_file()
    {
        Write(Array([3, 1], "<i8", version: 1));
        var config = (Config() with { Remap = _folder["used.npy"] }).WithFilesRead();
        using (var autoencoder = config.Build())
        {
            ModelFile.Write(
                _folder["model.safetensors"],
                new AutoencoderModelConfig { FirstStage = config, ImageSize = 8 },
                ModuleState.Of(autoencoder),
                experiment: "",
                step: 0
            );
        }

        File.Delete(_folder["used.npy"]);
        var (loaded, _) = ModelFile.LoadFirstStage(_folder["model.safetensors"]);

        using (loaded)
        using (var indices = torch.tensor([1L, 3L]))
        using (var remapped = ((VqAutoencoder)loaded).Quantizer.RemapToUsed(indices))
        {
            Assert.Equal([1L, 0L], remapped.data<long>().ToArray());
        }
    }

    public void Dispose() => _folder.Dispose();

    private static VqConfig Config() => (VqConfig)TinyTraining.FirstStage("vq");

    private void Refused(string problem)
    {
        var error = Assert.Throws<UserInputException>(() => CodebookRemap.Read(_folder["used.npy"]));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
    }

    private void Write(byte[] bytes) => File.WriteAllBytes(_folder["used.npy"], bytes);

    private static byte[] Array(long[] numbers, string type, byte version) =>
        [
            .. Header(type, $"({numbers.Length},)", version),
            .. numbers.SelectMany(n => type == "<i8" ? BitConverter.GetBytes(n) : BitConverter.GetBytes((int)n)),
        ];

    // As numpy.save writes it: a Python dictionary, padded so that the data starts at a multiple of 64.
    private static byte[] Header(string type, string shape, byte version)
    {
        var sizeBytes = version == 1 ? 2 : 4;
        var text = $"{{'descr': '{type}', 'fortran_order': False, 'shape': {shape}, }}";
        var length = (8 + sizeBytes + text.Length + 1 + 63) / 64 * 64 - 8 - sizeBytes;
        var size = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(size, length);
        var padded = text.PadRight(length - 1) + "\n";
        return [0x93, .. "NUMPY"u8, version, 0, .. size[..sizeBytes], .. Encoding.ASCII.GetBytes(padded)];
    }
}
