using LatentDiffusion.Configuration;
using LatentDiffusion.Tests.Training;
using Xunit;

namespace LatentDiffusion.Tests.Cli;

/// <summary>
/// A text-to-image model that draws squares and discs in red, green and blue, trained once for all tests that only use it.
/// </summary>
public sealed class TinyTextModel : IAsyncLifetime
{
    public const string Collection = "Tiny text model";

    private readonly CaptionedShapes _shapes = new();

    /// <summary>The run folder.</summary>
    public string Model => _shapes["text"];

    /// <summary>A file beside it, such as images/red-square.png.</summary>
    public string this[string name] => _shapes[name];

    public async ValueTask InitializeAsync()
    {
        var yaml = ConfigWriter.ToYaml(_shapes.Experiment);
        await File.WriteAllTextAsync(_shapes["text.yaml"], yaml);
        await TinyRuns.TrainAsync(_shapes["."], "text", steps: 100);
    }

    public ValueTask DisposeAsync()
    {
        _shapes.Dispose();
        return ValueTask.CompletedTask;
    }
}

[CollectionDefinition(TinyTextModel.Collection)]
public sealed class TinyTextModelCollection : ICollectionFixture<TinyTextModel>;
