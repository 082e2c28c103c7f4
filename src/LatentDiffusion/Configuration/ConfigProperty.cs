using System.ComponentModel;
using System.Reflection;

namespace LatentDiffusion.Configuration;

/// <summary>One key of a configuration record. Attributes may stand on the property or on its constructor parameter.</summary>
internal sealed class ConfigProperty(PropertyInfo property, ParameterInfo? parameter)
{
    // By name, because ScottPlot ships a public copy of the type that C# writes for `required`.
    private const string RequiredMarker = "System.Runtime.CompilerServices.RequiredMemberAttribute";

    public string Name => property.Name;

    public string Key { get; } = ScalarFormat.SnakeCase(property.Name);

    public ConfigType Type { get; } = ConfigType.Of(property);

    /// <summary>The constructor parameter that sets the property, or null for an init property.</summary>
    public ParameterInfo? Parameter => parameter;

    /// <summary>The default of the constructor parameter; null when there is none.</summary>
    public object? ParameterDefault =>
        parameter is not { HasDefaultValue: true, DefaultValue: { } value } ? null
        : Type is ConfigType.Scalar { Type.IsEnum: true } scalar ? Enum.ToObject(scalar.Type, value)
        : value;

    public bool IsRequired =>
        parameter is null
            ? property.CustomAttributes.Any(attribute => attribute.AttributeType.FullName == RequiredMarker)
            : !parameter.HasDefaultValue && !Type.IsNullable;

    public bool IsPath => Attributes<ConfigPathAttribute>().Any();

    public string? Description => Attributes<DescriptionAttribute>().FirstOrDefault()?.Description;

    public IEnumerable<ConfigLimitAttribute> Limits => Attributes<ConfigLimitAttribute>();

    public object? GetValue(object record) => property.GetValue(record);

    public void SetValue(object record, object? value) => property.SetValue(record, value);

    private IEnumerable<T> Attributes<T>()
        where T : Attribute => property.GetCustomAttributes<T>().Concat(parameter?.GetCustomAttributes<T>() ?? []);
}
