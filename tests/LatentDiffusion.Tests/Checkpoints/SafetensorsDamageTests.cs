using CsCheck;
using LatentDiffusion.Checkpoints;
using LatentDiffusion.Checkpoints.Safetensors;
using LatentDiffusion.Tests.Support;
using Xunit;
using static TorchSharp.torch;

namespace LatentDiffusion.Tests.Checkpoints;

public sealed class SafetensorsDamageTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_flipped_bit_is_refused_or_changes_nothing()
    {
        var (bytes, contents) = Sample();
        for (var bit = 0; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            AssertRefusedOrSame(bytes, contents, $"bit {bit % 8} of byte {bit / 8}");
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Fact]
    public void Every_truncation_is_refused()
    {
        var (bytes, _) = Sample();
        for (var length = 0; length < bytes.Length; length++)
        {
            File.WriteAllBytes(_folder["f"], bytes[..length]);
            Assert.Throws<CheckpointFormatException>(() => SafetensorsFile.Open(_folder["f"], verify: false).Dispose());
        }
    }

    [Fact]
    public void Appended_bytes_are_refused()
    {
        var (bytes, _) = Sample();
        File.WriteAllBytes(_folder["f"], [.. bytes, 0]);
        Assert.Throws<CheckpointFormatException>(() => SafetensorsFile.Open(_folder["f"], verify: false).Dispose());
    }

    [Fact]
    public void Without_verification_damaged_data_goes_unnoticed_but_the_header_is_still_checked()
    {
        var (bytes, contents) = Sample();
        bytes[^1] ^= 1;
        File.WriteAllBytes(_folder["f"], bytes);
        using var file = SafetensorsFile.Open(_folder["f"], verify: false);
        Assert.NotEqual(contents, SafetensorsSamples.Describe(file));
    }

    [Fact]
    public void A_changed_byte_is_refused_or_changes_nothing()
    {
        var (bytes, contents) = Sample();
        var edit = Gen.Select(Gen.Int[0, bytes.Length - 1], Gen.Byte);
        edit.Sample(e => AssertRefusedOrSame(Edited(bytes, [e]), contents, $"{e}"), iter: 2000, threads: 1);
    }

    [Fact]
    public void Random_damage_to_a_foreign_file_never_fails_otherwise_than_by_refusal()
    {
        var bytes = File.ReadAllBytes(Golden.PathOf("checkpoints/tricky_tensors.safetensors"));
        var structure = "{}[]\",:0123456789"u8.ToArray();
        var text = Gen.OneOf(Gen.Int[0, structure.Length - 1].Select(i => structure[i]), Gen.Byte);
        var edits = Gen.Select(Gen.Int[0, bytes.Length - 1], text).List[1, 4];
        edits.Sample(e => Read(Edited(bytes, e)), iter: 2000, threads: 1);
    }

    private static byte[] Edited(byte[] bytes, IEnumerable<(int Position, byte Value)> edits)
    {
        byte[] result = [.. bytes];
        foreach (var (position, value) in edits)
        {
            result[position] = value;
        }

        return result;
    }

    private (byte[] Bytes, string Contents) Sample()
    {
        using var scope = NewDisposeScope();
        var path = _folder["sample"];
        SafetensorsWriter.Write(
            path,
            [
                new("w", tensor(new[] { 1f, -2f, 0.5f })),
                new("e", empty(0, 4, dtype: ScalarType.Float64)),
                new("s", tensor(7L)),
                new("b", tensor(new[] { true, false })),
            ],
            new Dictionary<string, string> { ["format"] = "pt", ["note"] = "a \"b\"" }
        );
        using var file = SafetensorsFile.Open(path);
        return (File.ReadAllBytes(path), SafetensorsSamples.Describe(file));
    }

    private void AssertRefusedOrSame(byte[] bytes, string contents, string damage)
    {
        var found = Read(bytes);
        Assert.True(found is null || found == contents, $"{damage} gave {found}");
    }

    // What the file holds, or null when it is refused; any other exception fails the test.
    private string? Read(byte[] bytes)
    {
        File.WriteAllBytes(_folder["f"], bytes);
        try
        {
            using var file = SafetensorsFile.Open(_folder["f"]);
            return SafetensorsSamples.Describe(file);
        }
        catch (LatentDiffusion.Errors.UserInputException)
        {
            return null;
        }
    }
}
