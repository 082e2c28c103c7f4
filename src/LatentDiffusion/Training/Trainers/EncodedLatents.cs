using LatentDiffusion.Data;
using LatentDiffusion.Networks.Autoencoders;
using LatentDiffusion.Pipelines;
using LatentDiffusion.Pipelines.Conditions;
using static TorchSharp.torch;

namespace LatentDiffusion.Training.Trainers;

/// <summary>Encodes the images of every batch anew: for random crops and sets too large to cache.</summary>
/// <param name="firstStage">The frozen first stage; borrowed.</param>
/// <param name="loader">The images; owned.</param>
internal sealed class EncodedLatents(FirstStage firstStage, BatchLoader loader) : ILatentSource
{
    public LatentBatch Next()
    {
        using var frozen = no_grad();
        var batch = loader.Next();
        using var images = ImageTensors.FromPlanar(batch.Pixels, batch.Count, batch.Size, batch.Size);
        return new LatentBatch(firstStage.Encode(images), ImageConditions.Of(batch));
    }

    public void Dispose() => loader.Dispose();
}
