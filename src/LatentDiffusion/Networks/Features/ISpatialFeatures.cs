namespace LatentDiffusion.Networks.Features;

/// <summary>
/// A feature network that also says where in the image things are, which an embedding averages away: the features of sFID
/// (Nash et al. 2021).
/// </summary>
public interface ISpatialFeatures : IFeatureNetwork
{
    /// <summary>Width of <see cref="FeatureReading.Spatial"/>.</summary>
    int SpatialSize { get; }
}
