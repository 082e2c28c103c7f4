using Xunit;

namespace LatentDiffusion.Tests.Cli;

/// <summary>Both stages, trained once for all tests that only use them.</summary>
public sealed class TinyModels : IAsyncLifetime
{
    public const string Collection = "Tiny models";

    private readonly TemporaryFolder _folder = new();

    /// <summary>Images, configurations and the run folders autoencoder and latent-diffusion.</summary>
    public string Folder => _folder.Path;

    public string this[string name] => Path.Combine(Folder, name);

    public async ValueTask InitializeAsync()
    {
        TinyRuns.Prepare(Folder);
        await TinyRuns.TrainAsync(Folder, "autoencoder", steps: 20);
        await TinyRuns.TrainAsync(Folder, "latent-diffusion", steps: 20);
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}

[CollectionDefinition(TinyModels.Collection)]
public sealed class TinyModelsCollection : ICollectionFixture<TinyModels>;
