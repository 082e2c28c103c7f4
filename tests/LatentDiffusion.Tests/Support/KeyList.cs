using System.Globalization;
using TorchSharp;
using Xunit;

namespace LatentDiffusion.Tests.Support;

/// <summary>Names and shapes of weights, as published or as built, and their comparison.</summary>
internal static class KeyList
{
    /// <summary>The names of all published lists.</summary>
    public static IEnumerable<string> Names() =>
        Directory.EnumerateFiles(Golden.PathOf("keys"), "*.tsv").Select(p => Path.GetFileNameWithoutExtension(p)!);

    /// <summary>Reads a published list: name to shape.</summary>
    public static Dictionary<string, long[]> Read(string name) =>
        File.ReadLines(Golden.PathOf($"keys/{name}.tsv"))
            .Select(line => line.Split('\t'))
            .ToDictionary(parts => parts[0], parts => ParseShape(parts[1]));

    /// <summary>The names below a prefix, and their shapes, without it.</summary>
    public static Dictionary<string, long[]> Below(this IReadOnlyDictionary<string, long[]> list, string prefix) =>
        list.Where(entry => entry.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(entry => entry.Key[prefix.Length..], entry => entry.Value);

    /// <summary>The module's state dict has exactly these names and shapes.</summary>
    public static void Matches(IReadOnlyDictionary<string, long[]> expected, torch.nn.Module module)
    {
        Assert.NotEmpty(expected);
        var actual = module.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.shape);
        Assert.Equal([], expected.Keys.Except(actual.Keys));
        Assert.Equal([], actual.Keys.Except(expected.Keys));
        Assert.Equal(expected.OrderBy(Key).Select(Describe), actual.OrderBy(Key).Select(Describe));
    }

    private static string Key(KeyValuePair<string, long[]> entry) => entry.Key;

    private static string Describe(KeyValuePair<string, long[]> entry) =>
        $"{entry.Key} [{string.Join(", ", entry.Value)}]";

    private static long[] ParseShape(string text) =>
        [
            .. text.Trim('[', ']')
                .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(size => long.Parse(size, CultureInfo.InvariantCulture)),
        ];
}
