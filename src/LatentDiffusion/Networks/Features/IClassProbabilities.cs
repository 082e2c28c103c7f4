namespace LatentDiffusion.Networks.Features;

/// <summary>A feature network that also tells classes apart: what an inception score is made of (Salimans et al. 2016).</summary>
public interface IClassProbabilities : IFeatureNetwork
{
    /// <summary>Width of <see cref="FeatureReading.Logits"/>, whose softmax are the probabilities.</summary>
    int ClassCount { get; }
}
