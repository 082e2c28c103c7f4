using LatentDiffusion.Pipelines;
using LatentDiffusion.Tests.Support;
using Xunit;

namespace LatentDiffusion.Tests.Pipelines;

[Collection(nameof(ProcessWideState))]
public sealed class TiledMemoryTests
{
    [Theory]
    [InlineData("kl")]
    [InlineData("kl with attention at a level")]
    [InlineData("vq")]
    public void Tiled_encoding_and_decoding_free_all_but_their_results(string kind)
    {
        using var firstStage = TiledFirstStageTests.Create(kind);
        using var images = TiledFirstStageTests.Scene(3, 20, 52);
        var tiled = new TiledFirstStage(firstStage, tileSize: 16);
        LiveTensors.Unchanged(() =>
        {
            using var latents = tiled.EncodeMode(images);
            using var decoded = tiled.Decode(latents);
        });
    }
}
