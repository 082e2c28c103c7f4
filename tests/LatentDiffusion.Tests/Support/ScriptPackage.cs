using System.Globalization;

namespace LatentDiffusion.Tests.Support;

/// <summary>Writes a TensorFlow.js model as the minified scripts in which npm packages ship one.</summary>
internal sealed class ScriptPackage
{
    private readonly List<string> _entries = [];
    private readonly List<byte> _data = [];

    public ScriptPackage Add(string name, long[] shape, byte[] steps, double min, double scale)
    {
        var quantization = $"{{min:{Short(min)},scale:{Short(scale)},dtype:\"uint8\"}}";
        var sizes = string.Join(',', shape);
        _entries.Add($"{{name:\"{name}\",shape:[{sizes}],dtype:\"float32\",quantization:{quantization}}}");
        _data.AddRange(steps);
        return this;
    }

    /// <summary>Adds an entry of the manifest as it is, without data.</summary>
    public ScriptPackage AddEntry(string entry)
    {
        _entries.Add(entry);
        return this;
    }

    /// <summary>Writes the scripts, the data in pieces.</summary>
    /// <returns>The path of the one with the manifest.</returns>
    public string Write(string folder, int shards = 2)
    {
        Directory.CreateDirectory(folder);
        string[] names = [.. Enumerable.Range(1, shards).Select(i => $"group1-shard{i}of{shards}")];
        var (size, data) = ((_data.Count + shards - 1) / shards, _data.ToArray());
        for (var i = 0; i < shards; i++)
        {
            var piece = data.AsSpan(Math.Min(i * size, data.Length)..Math.Min((i + 1) * size, data.Length));
            File.WriteAllText(
                Path.Combine(folder, $"{names[i]}.min.js"),
                Module($"\"{Convert.ToBase64String(piece)}\"")
            );
        }

        var paths = string.Join(',', names.Select(name => $"\"{name}\""));
        var path = Path.Combine(folder, "model.min.js");
        File.WriteAllText(
            path,
            Module(
                "{modelTopology:{layers:[{name:\"input_1\",sparse:!1}]},weightsManifest:[{paths:["
                    + $"{paths}],weights:[{string.Join(',', _entries)}]}}]}}"
            )
        );
        return path;
    }

    private static string Module(string exported) =>
        "!function(a){if(\"object\"==typeof exports)module.exports=a()}(function(){return function a(n){}"
        + $"({{1:[function(a,n,i){{n.exports={exported}}},{{}}]}},{{}},[1])(1)}});";

    // As minifiers write numbers: ".5" and "-.5".
    private static string Short(double number) =>
        number
            .ToString("R", CultureInfo.InvariantCulture)
            .Replace("E-", "e-", StringComparison.Ordinal)
            .Replace("-0.", "-.", StringComparison.Ordinal)
            is var text
        && text.StartsWith("0.", StringComparison.Ordinal)
            ? text[1..]
            : text;
}
