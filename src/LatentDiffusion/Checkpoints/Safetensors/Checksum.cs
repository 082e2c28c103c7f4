using System.Buffers;
using System.Globalization;
using System.IO.Hashing;

namespace LatentDiffusion.Checkpoints.Safetensors;

/// <summary>
/// The checksum this program adds to its files: XXH3 (128 bits) over the whole file, header included, taken while the
/// digits of the checksum itself are all zero.
/// </summary>
/// <remarks>
/// It stands in the metadata under <see cref="Key"/>, as <see cref="Prefix"/> and 32 hexadecimal digits. A value of that
/// form says "I am a checksum" on its own, so damage to the key cannot make the check disappear unnoticed.
/// It finds accidents, not attacks: anyone can compute a new one.
/// </remarks>
internal sealed class Checksum
{
    public const string Key = "ldm.xxh3";
    public const string Prefix = "xxh3-128:";
    public const int DigitCount = 32;

    /// <summary>The value in the file while the checksum is taken.</summary>
    public const string Blank = Prefix + "00000000000000000000000000000000";

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789abcdef");

    private readonly XxHash128 _hash = new();

    /// <summary>Whether a metadata value has the form of a checksum.</summary>
    public static bool HasForm(string value) =>
        value.Length == Blank.Length
        && value.StartsWith(Prefix, StringComparison.Ordinal)
        && !value.AsSpan(Prefix.Length).ContainsAnyExcept(Digits);

    public void Append(ReadOnlySpan<byte> bytes) => _hash.Append(bytes);

    /// <summary>The digits for what was appended so far.</summary>
    public string GetDigits() => _hash.GetCurrentHashAsUInt128().ToString("x32", CultureInfo.InvariantCulture);
}
