using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace LatentDiffusion.Tests.Support;

/// <summary>A case of the reference's results in <c>tests/golden</c>; its README says how they were made.</summary>
internal sealed class GoldenCase
{
    private static readonly JsonSerializerOptions SnakeCase = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    private readonly JsonObject _json;

    private GoldenCase(string name, JsonObject json) => (Name, _json) = (name, json);

    /// <summary>The case's name, for messages.</summary>
    public string Name { get; }

    /// <summary>The names of all cases of an area, that is of a file.</summary>
    public static IEnumerable<string> Names(string area) => Read(area).Select(member => member.Key);

    public static GoldenCase Load(string area, string name) => new(name, Read(area)[name]!.AsObject());

    /// <summary>A case within this one.</summary>
    public GoldenCase Case(string name) => new($"{Name}.{name}", _json[name]!.AsObject());

    /// <summary>The case's <c>config</c>, whose names in snake case are those of <typeparamref name="T"/>.</summary>
    public T Config<T>() => _json["config"]!.Deserialize<T>(SnakeCase)!;

    public int Integer(string name) => _json[name]!.GetValue<int>();

    public double Number(string name) => _json[name]!.GetValue<double>();

    public long[] Integers(string name) => _json[name]!.Deserialize<long[]>()!;

    public double[] Numbers(string name) => _json[name]!.Deserialize<double[]>()!;

    public string[] Strings(string name) => _json[name]!.Deserialize<string[]>()!;

    public GoldenTensor Tensor(string name) => _json[name]!.Deserialize<GoldenTensor>(SnakeCase)!;

    private static JsonObject Read(string area) =>
        JsonNode.Parse(File.ReadAllBytes(Golden.PathOf($"{area}.json")))!.AsObject();
}

/// <summary>A tensor of the reference's results.</summary>
/// <param name="Shape">Its shape.</param>
/// <param name="Sum">The sum of its elements.</param>
/// <param name="Abssum">The sum of their absolute values.</param>
/// <param name="Data">Its elements, row-major.</param>
internal sealed record GoldenTensor(long[] Shape, double Sum, double Abssum, double[] Data);
